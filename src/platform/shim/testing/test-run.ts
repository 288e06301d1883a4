import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "../../clock.ts";
import { type Libc, openLibc } from "../../libc.ts";
import { Bell } from "../bell.ts";
import { prepareGeneration, readGeneration } from "../generation-directory.ts";
import { Launcher, type LauncherReport } from "../launcher.ts";
import type { BellLine, BellRecord } from "../records.ts";
import { type RunnableShim, ShimProgram } from "../shim-program.ts";
import type { LogSettings, ProgramSpec } from "../spec-file.ts";

const SIGKILL = 9;
const PATIENCE_MS = 4_000;

export type RecordOf<Kind extends BellRecord["kind"]> = Extract<BellRecord, { kind: Kind }>;

/** A run directory with bell and launcher, for one test. Disposing it ends all that was started below it. */
export class TestRun implements AsyncDisposable {
  readonly directory: string;
  readonly mark = `MUSTER_TEST_MARK=${crypto.randomUUID()}`;
  readonly libc: Libc = openLibc();
  readonly clock = new SystemClock(this.libc);
  readonly program: RunnableShim;
  private readonly base = mkdtempSync(join(tmpdir(), "muster-shim-"));
  readonly lines: BellLine[] = [];
  readonly reports: LauncherReport[] = [];
  lost = 0;
  missed = 0;
  private readonly waiters = new Set<() => void>();
  private readonly bells: Bell[] = [];
  private readonly launchers: Launcher[] = [];
  private readonly own: ShimProgram | undefined;
  private count = 0;

  /**
   * @param options.shim another build of the shim than this machine's
   * @param options.within the name of the run directory
   */
  constructor(options: { bell?: boolean; shim?: string; within?: string } = {}) {
    const { shim } = options;
    this.directory = join(this.base, options.within ?? "run");
    mkdirSync(this.directory);
    this.own = shim === undefined ? ShimProgram.open(this.libc, join(this.directory, "shim")) : undefined;
    this.program = this.own ?? { path: shim ?? "" };
    mkdirSync(join(this.directory, "logs"));
    if (options.bell !== false) this.openBell();
  }

  get launcher(): Launcher {
    return this.launchers.at(-1) ?? this.startLauncher();
  }

  startLauncher(): Launcher {
    const launcher = Launcher.start(this.libc, this.program, {
      onReport: (report) => {
        this.reports.push(report);
        this.wake();
      },
      onLost: () => {
        this.lost++;
        this.wake();
      },
    });
    this.launchers.push(launcher);
    return launcher;
  }

  openBell(): Bell {
    const bell = Bell.open(join(this.directory, "bell"), this.libc, this.clock, {
      onLine: (line) => {
        this.lines.push(line);
        this.wake();
      },
      onMissed: () => {
        this.missed++;
        this.wake();
      },
    });
    this.bells.push(bell);
    return bell;
  }

  /** Writes a generation, ready to be launched. */
  prepare(command: readonly string[], spec: Partial<ProgramSpec> = {}, log: Partial<LogSettings> = {}): Generation {
    const number = ++this.count;
    const base = join(this.directory, "logs", `test.${number}`);
    const generation = new Generation(this, `test.${number}`, 1, {
      outPath: `${base}.out.log`,
      errPath: `${base}.err.log`,
      sizeBytes: 0,
      onFull: "drop",
      archive: null,
      ...log,
    });
    const { environment, ...rest } = spec;
    const [markName = "", markValue = ""] = this.mark.split("=");
    const whole: ProgramSpec = {
      name: `test:${number}`,
      generation: 1,
      token: "abcd",
      command,
      directory: "/",
      ...rest,
      environment: { PATH: process.env.PATH ?? "/usr/bin:/bin", [markName]: markValue, ...environment },
    };
    prepareGeneration(generation.directory, whole, generation.log);
    return generation;
  }

  start(command: readonly string[], spec: Partial<ProgramSpec> = {}, log: Partial<LogSettings> = {}): Generation {
    const generation = this.prepare(command, spec, log);
    this.launcher.launch(generation.directory);
    return generation;
  }

  shell(script: string, spec: Partial<ProgramSpec> = {}, log: Partial<LogSettings> = {}): Generation {
    return this.start(["/bin/sh", "-c", script], spec, log);
  }

  /** Waits for something that the bell or the launcher announces. */
  async until<Value>(what: string, find: () => Value | undefined | false): Promise<Value> {
    const endMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > endMs)
        throw new Error(`waited in vain for ${what}; lines: ${JSON.stringify(this.lines)}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.waiters.add(resolve);
      const timer = setTimeout(resolve, 5);
      await promise;
      clearTimeout(timer);
      this.waiters.delete(resolve);
    }
  }

  kill(pid: number, signal: number): void {
    this.libc.kill(pid, signal);
  }

  /** Pids of all programs of this run, and of shims below its directory. */
  living(): number[] {
    return readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry) && this.isOurs(entry))
      .map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const launcher of this.launchers) await launcher.close();
    for (const bell of this.bells) await bell.close();
    for (let left = this.living(); left.length > 0; left = this.living()) {
      for (const pid of left) this.libc.kill(pid, SIGKILL);
      await Bun.sleep(2);
    }
    this.own?.close();
    rmSync(this.base, { recursive: true, force: true });
  }

  private isOurs(pid: string): boolean {
    if (Number(pid) === process.pid) return false;
    try {
      if (/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "latin1"))) return false;
      if (readFileSync(`/proc/${pid}/environ`, "latin1").includes(this.mark)) return true;
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(this.directory);
    } catch {
      return false;
    }
  }

  private wake(): void {
    for (const resolve of this.waiters) resolve();
  }
}

/** One generation that a test launched. */
export class Generation {
  readonly directory: string;
  readonly log: LogSettings;
  private readonly run: TestRun;
  private readonly instance: string;
  private readonly number: number;

  constructor(run: TestRun, instance: string, number: number, log: LogSettings) {
    this.run = run;
    this.instance = instance;
    this.number = number;
    this.log = log;
    this.directory = join(run.directory, "instances", instance, String(number));
  }

  get lines(): BellRecord[] {
    return this.run.lines
      .filter((line) => line.instance === this.instance && line.generation === this.number)
      .map((line) => line.record);
  }

  /** Waits for the first ring of this kind. */
  ring<Kind extends BellRecord["kind"]>(kind: Kind): Promise<RecordOf<Kind>> {
    const find = () => this.lines.find((record): record is RecordOf<Kind> => record.kind === kind);
    return this.run.until(`"${kind}" of ${this.instance}`, find);
  }

  async programPid(): Promise<number> {
    const { claim } = await this.ring("claim");
    if (claim.kind !== "program") throw new Error("the claim is void");
    return claim.identity.pid;
  }

  shimPid(): number {
    const { shim } = readGeneration(this.directory);
    if (!shim) throw new Error("no shim has recorded itself");
    return shim.pid;
  }

  out(): string {
    return existsSync(this.log.outPath) ? readFileSync(this.log.outPath, "latin1") : "";
  }

  err(): string {
    return this.log.errPath && existsSync(this.log.errPath) ? readFileSync(this.log.errPath, "latin1") : "";
  }
}
