import type { ApiServer } from "../api/server.ts";
import { CodedError } from "../base/coded-error.ts";
import type { Result } from "../base/result.ts";
import { Journal, KEEP_ALL } from "../journal/journal.ts";
import { readBoot } from "../platform/boot.ts";
import { SystemClock } from "../platform/clock.ts";
import type { Libc } from "../platform/libc.ts";
import { openLibc } from "../platform/libc.ts";
import type { LockFile } from "../platform/lock-file.ts";
import { trimMemory } from "../platform/memory-trim.ts";
import { becomeInit } from "../platform/shim/init.ts";
import { ShimProgram } from "../platform/shim/shim-program.ts";
import { AppliedStore } from "./applied-store.ts";
import { compose } from "./compose.ts";
import { addAlarms } from "./compose-alarms.ts";
import { Configuration, type ConfigurationSource, describeSource } from "./configuration.ts";
import { openControlSocket } from "./control-socket.ts";
import { EndingMark } from "./ending-mark.ts";
import { describeFault } from "./fault-words.ts";
import { Foreground } from "./foreground.ts";
import { places, takeDirectories, writeEnded } from "./ground.ts";
import type { Loaded, LoaderCommand } from "./load-configuration.ts";
import { MemoryKeeper } from "./memory-keeper.ts";
import { openShim } from "./open-shim.ts";
import { type DaemonOptions, type DaemonPaths, daemonPaths } from "./options.ts";
import type { DaemonParts } from "./parts.ts";
import { PlaceMinder } from "./place-minder.ts";
import { Signals } from "./signals.ts";
import { WantedStore } from "./wanted-store.ts";

/** What the program around the daemon brings. */
export interface DaemonHost {
  readonly version: string;
  /** the words that start this program again */
  readonly selfCommand: readonly string[];
  /** the words that make it a loader of configurations */
  readonly loader: LoaderCommand;
}

/** Who waits for the end of "muster down" is told of it, unless that takes longer. */
const READERS_GRACE_MS = 1_000;

/**
 * Is the daemon until it ends.
 * @returns the exit code of `up`
 * @throws CodedError when it cannot begin; the guard then does not try again
 */
export async function runDaemon(options: DaemonOptions, host: DaemonHost): Promise<number> {
  const paths = daemonPaths(options);
  const libc = openLibc();
  if (process.pid === 1) return runAsInit(libc, paths, host);
  try {
    const exitCode = await superviseUntilTheEnd(options, host, libc, paths);
    writeEnded(paths, exitCode);
    return exitCode;
  } catch (error) {
    if (error instanceof CodedError && error.code !== "state-directory-in-use") writeEnded(paths, exitCodeOf(error));
    throw error;
  }
}

function exitCodeOf(error: CodedError): number {
  return error.code.startsWith("config-") ? 2 : 1;
}

/** If pid 1 dies, all die: so pid 1 is the shim, and the daemon its child. */
function runAsInit(libc: Libc, paths: DaemonPaths, host: DaemonHost): never {
  const command = [...host.selfCommand, ...process.argv.slice(2)];
  const program = ShimProgram.open(libc, paths.shimSpare);
  const errno = -becomeInit(libc, program, { runDirectory: paths.runDirectory, command, environment: process.env });
  throw new Error(`cannot become the init of this container: errno ${errno}`);
}

/** A daemon that is built and connected, and has begun nothing. */
interface Built {
  readonly clock: SystemClock;
  readonly lock: LockFile;
  readonly bootId: string;
  readonly configuration: Configuration;
  /** the file as it is now; null: it is broken, and what was applied last stays in force */
  readonly loaded: Loaded | null;
  readonly endingMark: EndingMark;
  readonly parts: DaemonParts;
  readonly memory: MemoryKeeper;
}

async function build(
  stack: AsyncDisposableStack,
  source: ConfigurationSource,
  host: DaemonHost,
  libc: Libc,
  paths: DaemonPaths,
): Promise<Built> {
  const clock = new SystemClock(libc);
  const lock = stack.use(await takeDirectories(paths, libc, clock));
  const shim = stack.use(openShim(libc, paths.shimSpare));
  const boot = readBoot();
  // How much is kept the configuration says; until it is known nothing is removed.
  const opening = Journal.open({ path: paths.journal, clock, random: Math.random, ...KEEP_ALL });
  const [loading, opened] = await Promise.all([Configuration.load(source, host.loader), opening]);
  if (!opened.ok) throw opened.error;
  const journal = opened.value;
  stack.defer(async () => void (await journal.close()));
  const configuration = chooseConfiguration(source, host.loader, paths, loading);
  const endingMark = new EndingMark(paths.ending);
  const { version, selfCommand } = host;
  const ground = { clock, libc, boot, shim, paths, journal, configuration, endingMark, version, selfCommand };
  const whole = { ...ground, environment: process.env };
  const rooms = compose(whole);
  stack.use(rooms.logs);
  stack.use(rooms.relay);
  const memory = stack.use(new MemoryKeeper(clock, () => void trimMemory(libc)));
  const parts = await addAlarms(whole, rooms, () => memory.moved());
  stack.use(parts.alarms);
  stack.use(parts.hearing);
  stack.use(parts.supervision);
  if (!loading.ok) recordRefusal(journal, loading.error);
  const loaded = loading.ok ? loading.value : null;
  return { clock, lock, bootId: boot.bootId, configuration, loaded, endingMark, parts, memory };
}

async function superviseUntilTheEnd(
  options: DaemonOptions,
  host: DaemonHost,
  libc: Libc,
  paths: DaemonPaths,
): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const source = sourceOf(options);
  const built = await build(stack, source, host, libc, paths);
  const { parts, endingMark, memory } = built;
  let foreground: Foreground | null = null;
  using signals = new Signals({ parts, paths, keep: options.keep, say: (text) => foreground?.say(text) });
  // Before anything is started: who cannot be reached should not begin. No request is read until this turn has ended.
  const api = await openControlSocket(parts, paths, built.configuration.host.daemon.socket);
  if (!api.ok) throw api.error;
  stack.defer(() => api.value.close());
  begin(built, paths, describeSource(source), () => {
    signals.takePending(process.env);
    if (endingMark.take()) parts.ending.begin({ keep: false }, "the order that the daemon before was given");
  });
  using _minder = mindPlaces(parts, paths, built.lock, api.value);
  foreground = stack.use(new Foreground(parts, paths, options));
  parts.supervision.supervisor.onMoved(() => memory.moved());
  using _faults = catchFaults(parts);
  const exitCode = await parts.ending.over;
  parts.journal.record({ kind: "daemon.stopped", subject: "muster", message: "ended in order", data: { exitCode } });
  await foreground.ended(parts.ending.keeps);
  await parts.ending.readersLeft(AbortSignal.timeout(READERS_GRACE_MS));
  await api.value.close();
  endingMark.clear();
  return exitCode;
}

/** A restart goes by what was applied last; a first start with a broken file is none. */
function chooseConfiguration(
  source: ConfigurationSource,
  loader: LoaderCommand,
  paths: DaemonPaths,
  loading: Result<Loaded, CodedError>,
): Configuration {
  const applied = new AppliedStore(paths.applied);
  const before = applied.latest();
  if (!loading.ok && (before === null || !isRestart(paths))) throw loading.error;
  const inForce = before ?? (loading.ok ? loading.value.loaded : null);
  if (inForce === null) throw new Error("no configuration");
  return new Configuration(inForce, source, loader, applied);
}

function recordRefusal(journal: Journal, error: CodedError): void {
  journal.record({
    kind: "configuration.refused",
    subject: "muster",
    message: `${error.message.split("\n")[0]}; the last applied configuration stays in force`,
    data: { by: "the start of the daemon", code: error.code },
  });
}

/** A fault in one callback must not take supervision along: it is written down with its stack, and the rest goes on. */
function catchFaults(parts: DaemonParts): Disposable {
  const onFault = (error: unknown): void => parts.logs.own.error("a fault in muster", { fault: describeFault(error) });
  process.on("unhandledRejection", onFault);
  process.on("uncaughtException", onFault);
  return {
    [Symbol.dispose]: () => {
      process.off("unhandledRejection", onFault);
      process.off("uncaughtException", onFault);
    },
  };
}

function sourceOf(options: DaemonOptions): ConfigurationSource {
  const directory = process.cwd();
  if (options.command !== null) return { kind: "command", directory, command: options.command };
  return { kind: "file", path: options.file ?? `${directory}/muster.toml` };
}

/** Generations of an earlier daemon lie in the run directory: its services may be running. */
function isRestart(paths: DaemonPaths): boolean {
  return [...new Bun.Glob("*/*/claim").scanSync({ cwd: paths.instances, onlyFiles: true })].length > 0;
}

/** Puts back what is removed by hand while the daemon runs. */
function mindPlaces(parts: DaemonParts, paths: DaemonPaths, lock: LockFile, server: ApiServer): PlaceMinder {
  return new PlaceMinder({
    clock: parts.clock,
    places: places(paths, process.geteuid?.() ?? 0),
    restorers: [
      () => (lock.restore() ? paths.lock : null),
      () => (parts.supervision.wanted.restore() ? paths.wanted : null),
      () => (server.restoreSocket() ? paths.controlSocket : null),
    ],
    warn: (message) => parts.logs.own.warn(message),
  });
}

/**
 * Takes over what is there, goes to the configuration as it is now, and starts what is wanted.
 * @param takePending acts on an order to end that came before this daemon
 */
function begin(built: Built, paths: DaemonPaths, place: string, takePending: () => void): void {
  const { parts, configuration, loaded } = built;
  const { supervision, journal, identity } = parts;
  const kept = WantedStore.read(paths.wanted, built.bootId);
  const message = `muster ${identity.version} supervises, pid ${identity.pid}`;
  journal.record({
    kind: "daemon.started",
    subject: "muster",
    message,
    data: { pid: identity.pid, version: identity.version },
  });
  const adopted = supervision.adopt(configuration.host, kept);
  parts.hearing.sweep();
  parts.alarms.manager.reconcile();
  takePending();
  // A key service that ended meanwhile, or an order to end that an earlier daemon left behind: then nothing is begun.
  if (!parts.ending.isEnding) {
    if (loaded !== null) parts.configurator.carryOut(configuration.stepTo(loaded, place), "the start of the daemon");
    supervision.startWanted("the start of the daemon");
  }
  parts.relay.look();
  parts.logs.keeper.start();
  parts.logs.own.info(message, { adopted, services: configuration.host.services.size });
}
