import { writeFileSync } from "node:fs";
import { type SignalName, signalName } from "../model/signal.ts";
import { PENDING_SIGNAL_VARIABLE } from "../platform/shim/init.ts";
import type { DaemonPaths } from "./options.ts";
import type { DaemonParts } from "./parts.ts";

const ENDING_SIGNALS = ["INT", "QUIT", "TERM"] as const;
/** One Ctrl-C can come twice, from the terminal and from npm, which passes on what it got: that is not a second wish. */
const SAME_WISH_MS = 300;
/** These go on to key services: what pid 1 of a container gets is meant for its program. */
const PASSED_SIGNALS = ["USR2", "WINCH"] as const;

export interface SignalParts {
  readonly parts: DaemonParts;
  readonly paths: DaemonPaths;
  /** TERM leaves the services running */
  readonly keep: boolean;
  say(text: string): void;
}

/** What the daemon does when it gets a signal; as in the table of the design. */
export class Signals implements Disposable {
  private readonly options: SignalParts;
  private readonly handlers = new Map<NodeJS.Signals, () => void>();
  private endedBy: SignalName | null = null;
  private endedAtMs = 0;

  constructor(options: SignalParts) {
    this.options = options;
    for (const name of ENDING_SIGNALS) this.listen(name, () => this.end(name));
    for (const name of PASSED_SIGNALS) this.listen(name, () => this.pass(name));
    this.listen("HUP", () => void this.reload());
    this.listen("USR1", () => void this.writeStatus());
  }

  /** A signal that came while no daemon was there to take it. */
  takePending(environment: Readonly<Record<string, string | undefined>>): void {
    const name = signalName(Number(environment[PENDING_SIGNAL_VARIABLE] ?? 0));
    if (name !== undefined) this.handlers.get(`SIG${name}`)?.();
  }

  private listen(name: SignalName, handler: () => void): void {
    const signal = `SIG${name}` as NodeJS.Signals;
    this.handlers.set(signal, handler);
    process.on(signal, handler);
  }

  private end(name: (typeof ENDING_SIGNALS)[number]): void {
    const { parts, keep, say } = this.options;
    const nowMs = parts.clock.monotonicMs();
    if (this.endedBy === name) {
      if (nowMs - this.endedAtMs < SAME_WISH_MS) return;
      say(`${name} again: KILL is sent to what is left`);
      parts.ending.hurry();
      return;
    }
    const first = this.endedBy === null;
    this.endedBy = name;
    this.endedAtMs = nowMs;
    if (!first) return;
    const leaves = keep && name === "TERM";
    say(leaves ? "ending; the services go on" : `stopping the services in order; ${name} again sends KILL`);
    parts.ending.begin({ keep: leaves }, `the signal ${name}`);
  }

  private pass(name: SignalName): void {
    const { supervisor } = this.options.parts.supervision;
    for (const instance of supervisor.roster.instances()) {
      if (instance.spec.key) supervisor.processes.signal(instance.generation, name, "main");
    }
  }

  private async reload(): Promise<void> {
    const applied = await this.options.parts.configurator.apply({ path: null, previous: false }, "the signal HUP");
    if (!applied.ok) this.options.parts.logs.own.error(applied.error.message);
  }

  private async writeStatus(): Promise<void> {
    const { parts, paths } = this.options;
    try {
      const report = await parts.reporter.report();
      writeFileSync(paths.statusText, `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 });
    } catch (error) {
      parts.logs.own.error(`cannot write the status report: ${String(error)}`);
    }
  }

  /** From here on the process only ends. A signal must not cut that short: the guard would take it for a crash. */
  [Symbol.dispose](): void {
    for (const name of ENDING_SIGNALS) process.on(`SIG${name}`, () => undefined);
    for (const [signal, handler] of this.handlers) process.off(signal, handler);
  }
}
