import { isAlive } from "../measure/processes.ts";

/** How long a supervisor may take to end with all its services. */
const END_LIMIT_MS = 60_000;

/** A process that the benchmark started and ends, by its pid. */
export class OwnProcess {
  private readonly child: Bun.Subprocess;

  constructor(
    command: readonly string[],
    options: {
      readonly stdout?: number;
      readonly stderr?: number;
      readonly environment?: Readonly<Record<string, string>>;
      readonly directory?: string;
    } = {},
  ) {
    this.child = Bun.spawn([...command], {
      cwd: options.directory ?? "/",
      env: {
        PATH: process.env.PATH ?? "/usr/bin:/bin",
        HOME: "/nonexistent",
        NOCG: process.env.NOCG ?? "",
        ...options.environment,
      },
      stdin: "ignore",
      stdout: options.stdout ?? "ignore",
      stderr: options.stderr ?? "ignore",
    });
  }

  get pid(): number {
    return this.child.pid;
  }

  /** TERM, and wait; KILL when it takes too long, which is a failure. Ended already: nothing to do. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), END_LIMIT_MS);
    await this.child.exited;
    clearTimeout(timer);
    if (this.child.signalCode === "SIGKILL") throw new Error(`${this.pid} did not end within ${END_LIMIT_MS} ms`);
  }
}

/** Ends what a supervisor left behind, and says so. */
export function endLeftOvers(pids: readonly number[]): void {
  for (const pid of pids.filter(isAlive)) {
    console.error(`bench: a service was left behind and is killed: ${pid}`);
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}
