import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { stringify } from "smol-toml";
import { MusterClient } from "../../src/client/client.ts";
import type { EventKind, JournalEvent } from "../../src/model/event.ts";
import type { OrderRequest, OrderStatus } from "../../src/model/order.ts";
import type { InstanceStatus, PublicState, ServiceStatus, StatusReport } from "../../src/model/status.ts";
import { allPids, processesWith, seeProcess, sendSignal } from "./processes.ts";
import { endEverything } from "./product-end.ts";
import { programWords } from "./program.ts";
import { removeCgroups } from "./remove-cgroups.ts";
import { removeTree } from "./temporary-directory.ts";
import { waitFor } from "./wait-for.ts";

/** So many ms a wait may take; the runner gives a test 5 s. */
const LIMIT_MS = 4_000;

/** A configuration as data: what `smol-toml` makes a file of. */
export type ServicesInFile = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of the product that was started by a test. */
export interface Started {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
  stdout(): string;
  stderr(): string;
}

/** Holds programs back that do `read line < path`. */
export interface Gate {
  readonly path: string;
  /** Lets so many pass that read it now or later. */
  open(count?: number): void;
  /** Writes something else than empty lines. */
  write(text: string): void;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** words before the program: `unshare …` */
  readonly wrapper?: readonly string[];
}

/**
 * Muster from source, with a state directory, a run directory (on tmpfs where there is one) and a configuration of its
 * own. Write `await using product = new Product("adoption", { web: { command: … } })`: at the end of the block daemon,
 * guard, launcher, shims and services are ended by their pids, and the directories removed.
 */
export class Product implements AsyncDisposable {
  /** where the configuration lies; for whatever else the test needs */
  readonly directory: string;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly client: MusterClient;
  /** the daemon that was started last */
  daemon: Started | null = null;
  private readonly environment: Readonly<Record<string, string>>;
  private readonly mark: string;
  private readonly descriptors: number[] = [];
  private count = 0;

  /** @param environment of everything that is started; on top of the test's own, without what npm put there */
  constructor(label: string, services: ServicesInFile, environment: Readonly<Record<string, string>> = {}) {
    this.directory = mkdtempSync(join(tmpdir(), `muster-${label}-`));
    this.stateDirectory = join(this.directory, "state");
    this.runDirectory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : this.directory, "muster-e2e-"));
    this.mark = `E2E_PRODUCT=${basename(this.runDirectory)}`;
    this.environment = environment;
    this.client = new MusterClient({ socketPath: join(this.runDirectory, "muster.sock"), name: "test" });
    this.configure(services);
  }

  get configurationPath(): string {
    return this.file("muster.toml");
  }

  file(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  /** Writes the file; a running daemon reads it at `apply` or HUP. */
  configure(services: ServicesInFile, daemon: Readonly<Record<string, unknown>> = {}): void {
    this.write("muster.toml", stringify({ daemon, services }));
  }

  write(name: string, content: string, mode = 0o644): string {
    const path = this.file(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
    return path;
  }

  read(name: string): string {
    const path = this.file(name);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  gate(name: string): Gate {
    const path = this.file(name);
    Bun.spawnSync(["mkfifo", "-m", "666", path]);
    const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    this.descriptors.push(descriptor);
    const write = (text: string): void => void writeSync(descriptor, text);
    return { path, write, open: (count = 1) => write("\n".repeat(count)) };
  }

  /** A process that is none of Muster's, and ends with the product. @returns its pid */
  spawn(command: readonly string[]): number {
    const [name, value] = this.mark.split("=") as [string, string];
    const env = { ...process.env, [name]: value };
    return Bun.spawn([...command], { env, cwd: this.directory, stdio: ["ignore", "ignore", "ignore"] }).pid;
  }

  /** The daemon's launcher of the moment. */
  launcherPid(): number {
    const launcher = allPids().find((pid) => {
      const seen = seeProcess(pid);
      return seen?.parent === this.daemon?.pid && seen?.command.startsWith("muster-shim launch");
    });
    if (launcher === undefined) throw new Error("the daemon has no launcher");
    return launcher;
  }

  /** Starts any verb: `product.run(["status", "--json"])`. The directories are given by the environment. */
  run(words: readonly string[], options: RunOptions = {}): Started {
    const [name, value] = this.mark.split("=") as [string, string];
    const log = join(this.runDirectory, `test-${this.count++}`);
    const child = Bun.spawn([...(options.wrapper ?? []), ...programWords(), ...words], {
      cwd: options.directory ?? this.directory,
      env: {
        ...process.env,
        MUSTER_STATE_DIR: this.stateDirectory,
        MUSTER_RUN_DIR: this.runDirectory,
        ...this.environment,
        ...options.environment,
        [name]: value,
      },
      stdin: "ignore",
      stdout: Bun.file(`${log}.out`),
      stderr: Bun.file(`${log}.err`),
    });
    const text = (stream: string) => () => (existsSync(log + stream) ? readFileSync(log + stream, "utf8") : "");
    const [stdout, stderr] = [text(".out"), text(".err")];
    const ended = child.exited.then(() => {
      return {
        code: child.exitCode,
        signal: child.signalCode === null ? null : String(child.signalCode),
        stdout: stdout(),
        stderr: stderr(),
      };
    });
    return { pid: child.pid, ended, stdout, stderr, kill: (signal) => sendSignal(child.pid, signal) };
  }

  /** Runs a verb to its end. */
  async cli(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return await this.run(words, options).ended;
  }

  /** Starts `up` in the foreground and returns once its daemon answers; what it starts is not waited for. */
  async up(words: readonly string[] = [], options: RunOptions = {}): Promise<Started> {
    const started = this.run(["up", "--quiet", ...words], options);
    this.daemon = started;
    const end = new AbortController();
    const died = started.ended.then(({ code, signal, stderr }) => {
      if (!end.signal.aborted) throw new Error(`the daemon ended at once (${code ?? signal}): ${stderr}`);
    });
    try {
      await Promise.race([died, this.answers()]);
    } finally {
      end.abort();
    }
    return started;
  }

  /** Waits for a daemon that answers; of `pid`, when that is given. */
  async answers(pid?: number): Promise<StatusReport["daemon"]> {
    return await waitFor("the daemon to answer", async () => {
      const daemon = await this.client.daemon().catch(() => null);
      return daemon !== null && (pid === undefined || daemon.pid === pid) ? daemon : null;
    });
  }

  /** KILL to the daemon, and its end seen. */
  async killDaemon(): Promise<void> {
    this.daemon?.kill("SIGKILL");
    await this.daemon?.ended;
  }

  /** The daemon dies and the next one comes. */
  async replaceDaemon(): Promise<Started> {
    await this.killDaemon();
    return await this.up();
  }

  /** Waits until the status, asked for now and told at each change, satisfies the condition. */
  async until<Value>(
    what: string,
    condition: (report: StatusReport) => Value,
    limitMs = LIMIT_MS,
  ): Promise<Exclude<NonNullable<Value>, false>> {
    const end = new AbortController();
    let last: StatusReport | undefined;
    const timer = setTimeout(() => end.abort(), limitMs);
    try {
      for await (const report of this.client.followStatus(end.signal)) {
        last = report;
        const value = condition(report);
        if (value) return value as Exclude<NonNullable<Value>, false>;
      }
    } finally {
      clearTimeout(timer);
      end.abort();
    }
    throw new Error(
      `waited ${limitMs} ms for ${what}; last seen: ${last === undefined ? "nothing" : shortStatus(last)}`,
    );
  }

  /** Waits until each named service or instance (`web`, `web:2`) is in the state, and gives the last one's instance. */
  async untilState(name: string | readonly string[], state: PublicState, limitMs = LIMIT_MS): Promise<InstanceStatus> {
    const names = typeof name === "string" ? [name] : name;
    return await this.until(
      `${names.join(", ")} to be ${state}`,
      (report) => {
        const found = names.map((one) => findInstance(report, one));
        return found.every((one) => one?.state === state) ? found.at(-1) : undefined;
      },
      limitMs,
    );
  }

  /** Waits until all of them are ready (a task: finished). */
  async untilReady(...names: string[]): Promise<InstanceStatus> {
    return await this.until(`${names.join(", ")} to be ready`, (report) => {
      const found = names.map((name) => findInstance(report, name));
      return found.every((one) => one?.ready || one?.state === "finished") ? found.at(-1) : undefined;
    });
  }

  async instance(name: string): Promise<InstanceStatus> {
    const found = findInstance(await this.client.status(), name);
    if (found === undefined) throw new Error(`no instance ${name}`);
    return found;
  }

  async service(name: string): Promise<ServiceStatus> {
    const found = (await this.client.status()).services.find((service) => service.name === name);
    if (found === undefined) throw new Error(`no service ${name}`);
    return found;
  }

  /** Waits until it has a process. */
  async pidOf(name: string): Promise<number> {
    return await this.until(`${name} to have a process`, (report) => findInstance(report, name)?.pid);
  }

  /** Gives an order through the API and waits for its end. */
  async order(request: OrderRequest, limitMs = LIMIT_MS): Promise<OrderStatus> {
    const given = await this.client.giveOrder(request);
    const end = AbortSignal.timeout(limitMs);
    let last = given;
    for await (const status of this.client.followOrder(given.id, end)) last = status;
    if (!last.ended) throw new Error(`waited ${limitMs} ms for the order; last seen: ${JSON.stringify(last)}`);
    return last;
  }

  async apply(): Promise<void> {
    const { order } = await this.client.apply({ path: null, previous: false });
    for await (const status of this.client.followOrder(order.id, AbortSignal.timeout(LIMIT_MS))) {
      if (status.ended) return;
    }
    throw new Error(`the order of apply did not end within ${LIMIT_MS} ms`);
  }

  /** All events of the subject, oldest first. */
  async events(subject: string | null, ...kinds: EventKind[]): Promise<readonly JournalEvent[]> {
    const among = kinds.length === 0 ? null : kinds;
    return await this.client.events({ subject, kinds: among, severity: null, since: null, until: null, limit: 10_000 });
  }

  /** Waits for an event, past ones included. */
  async event(
    subject: string | null,
    kind: EventKind,
    condition: (event: JournalEvent) => boolean = () => true,
  ): Promise<JournalEvent> {
    const query = { subject, kinds: [kind], severity: null, since: null, until: null, limit: 10_000 };
    const end = AbortSignal.timeout(LIMIT_MS);
    for await (const event of this.client.followEvents(query, { signal: end })) {
      if (condition(event)) return event;
    }
    throw new Error(`waited ${LIMIT_MS} ms for ${kind} of ${subject}`);
  }

  /** What the instance (`web` or `web:2`) wrote, without the files that were rotated away. */
  output(name: string, stream: "out" | "err" = "out"): string {
    const path = join(this.stateDirectory, "logs", `${fileName(name)}.${stream}.log`);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  daemonLog(): string {
    const path = join(this.stateDirectory, "logs", "muster.log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** Waits until the instance has written a match, and gives that. */
  async wrote(name: string, pattern: RegExp, stream: "out" | "err" = "out"): Promise<RegExpExecArray> {
    return await waitFor(`${name} to write ${pattern}`, () => pattern.exec(this.output(name, stream)), {
      lastSeen: () => this.output(name, stream).slice(-500),
    });
  }

  /** The newest generation directory of the instance. */
  generationDirectory(name: string): string {
    const instance = join(this.runDirectory, "instances", fileName(name));
    const newest = Math.max(...readdirSync(instance).map(Number).filter(Number.isInteger));
    return join(instance, String(newest));
  }

  /** A record of the newest generation; empty when it is not there. */
  record(name: string, record: string): string {
    const path = join(this.generationDirectory(name), record);
    return existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  }

  shimPid(name: string): number {
    return Number(this.record(name, "shim").split(" ")[2]);
  }

  /** Whatever is alive and was started by this product; services with a replaced environment only by their shims. */
  processes(): ReturnType<typeof processesWith> {
    return processesWith({ variable: this.mark, word: this.runDirectory });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.daemon?.kill("SIGKILL");
    await endEverything({ mark: this.mark, runDirectory: this.runDirectory });
    await this.daemon?.ended;
    for (const descriptor of this.descriptors) closeSync(descriptor);
    await removeCgroups(this.stateDirectory);
    removeTree(this.runDirectory);
    removeTree(this.directory);
  }
}

function fileName(name: string): string {
  return name.includes(":") ? name.replace(":", ".") : `${name}.1`;
}

function findInstance(report: StatusReport, name: string): InstanceStatus | undefined {
  const full = name.includes(":") ? name : `${name}:1`;
  return report.services.flatMap((service) => service.instances).find((one) => one.name === full || one.name === name);
}

function shortStatus(report: StatusReport): string {
  const instances = report.services.flatMap((service) => service.instances);
  return instances.map((one) => `${one.name} ${one.state}${one.reason === null ? "" : ` (${one.reason})`}`).join(", ");
}
