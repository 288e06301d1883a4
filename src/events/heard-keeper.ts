import { type Heard, writeHeard } from "../platform/shim/heard-file.ts";
import { DueTimer } from "./due-timer.ts";
import type { Ear } from "./ear.ts";
import type { HearerPorts } from "./ports.ts";

/** How far was heard is written so often at most. */
const EVERY_MS = 1_000;
/** So many files at a time: other work goes between. */
const AT_A_TIME = 8;
/** At the end so long is waited for the journal; then the next daemon hears the last words again, which changes nothing. */
const FINISH_MS = 1_000;

type Kept = readonly [Ear, Heard];

/**
 * Writes beside the words of each generation how far they were heard, but only what the journal has on disk; then what
 * was heard may go.
 */
export class HeardKeeper implements AsyncDisposable {
  private readonly ports: HearerPorts;
  private readonly changed = new Set<Ear>();
  private readonly timer: DueTimer;
  private nextMs = Number.NEGATIVE_INFINITY;
  private running: Promise<void> | undefined;
  private ended = false;
  private fault = "";

  constructor(ports: HearerPorts) {
    this.ports = ports;
    this.timer = new DueTimer(ports.clock, () => this.keep());
  }

  note(ear: Ear): void {
    this.changed.add(ear);
    if (this.running === undefined && !this.ended) this.timer.wake(this.nextMs);
  }

  /** Writes it now, for the last time. */
  async finish(ear: Ear): Promise<void> {
    this.changed.delete(ear);
    const kept: Kept = [ear, ear.snapshot()];
    await this.ports.whenRecorded();
    this.write(kept);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ended = true;
    this.timer[Symbol.dispose]();
    await this.within(FINISH_MS, this.running ?? Promise.resolve());
    const kept = this.snapshots();
    if (await this.within(FINISH_MS, this.ports.whenRecorded())) for (const one of kept) this.write(one);
  }

  private keep(): void {
    this.nextMs = this.ports.clock.monotonicMs() + EVERY_MS;
    this.running = this.keepAll().finally(() => {
      this.running = undefined;
      if (this.changed.size > 0 && !this.ended) this.timer.wake(this.nextMs);
    });
  }

  private async keepAll(): Promise<void> {
    const kept = this.snapshots();
    await this.ports.whenRecorded();
    for (const [index, one] of kept.entries()) {
      if (index % AT_A_TIME === AT_A_TIME - 1) await turn();
      this.write(one);
    }
  }

  private snapshots(): Kept[] {
    const kept = [...this.changed].map((ear): Kept => [ear, ear.snapshot()]);
    this.changed.clear();
    return kept;
  }

  private write([ear, heard]: Kept): void {
    try {
      writeHeard(ear.source.directory, heard);
      ear.forget(heard.position);
      this.fault = "";
    } catch (error) {
      this.changed.add(ear);
      const fault = error instanceof Error ? error.message : String(error);
      if (fault !== this.fault)
        this.ports.warn?.(`cannot keep how far services were heard: ${fault}; it is tried again`);
      this.fault = fault;
    }
    if (!this.changed.has(ear)) ear.rest();
  }

  /** @returns false when it took longer */
  private async within(limitMs: number, promise: Promise<void>): Promise<boolean> {
    const tooLate = Promise.withResolvers<boolean>();
    using _timer = this.ports.clock.setTimer(limitMs, () => tooLate.resolve(false));
    return await Promise.race([promise.then(() => true), tooLate.promise]);
  }
}

/** Lets other work of the event loop come first. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
