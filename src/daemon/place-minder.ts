import { existsSync, mkdirSync } from "node:fs";
import { type Clock, untilNextMs } from "../base/clock.ts";

export interface PlaceMinderParts {
  readonly clock: Clock;
  /** made anew when they were removed */
  readonly places: readonly { readonly directory: string; readonly mode: number }[];
  /** each puts one thing back in its place where that is needed, and says what it was, else null; may throw */
  readonly restorers: readonly (() => string | null)[];
  warn(message: string): void;
}

const LOOK_EVERY_MS = 1_000;

/** Looks each second whether what the daemon needs to be reached and to keep its state was removed by hand. */
export class PlaceMinder implements Disposable {
  private readonly parts: PlaceMinderParts;
  private timer: Disposable;
  private fault = "";

  constructor(parts: PlaceMinderParts) {
    this.parts = parts;
    this.timer = this.lookLater();
  }

  /** Also for whoever knows that something was removed just now. */
  look(): void {
    try {
      for (const { directory, mode } of this.parts.places) this.restoreDirectory(directory, mode);
      for (const restore of this.parts.restorers) this.tell(restore());
      this.fault = "";
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      // Once, not each second.
      if (fault !== this.fault) this.parts.warn(`cannot put back what was removed: ${fault}; it is tried each second`);
      this.fault = fault;
    }
  }

  private restoreDirectory(directory: string, mode: number): void {
    if (existsSync(directory)) return;
    mkdirSync(directory, { recursive: true, mode });
    this.tell(directory);
  }

  private tell(restored: string | null): void {
    if (restored !== null) this.parts.warn(`${restored} was removed by hand; it is there again`);
  }

  private lookLater(): Disposable {
    return this.parts.clock.setTimer(untilNextMs(this.parts.clock, LOOK_EVERY_MS), () => {
      this.look();
      this.timer = this.lookLater();
    });
  }

  [Symbol.dispose](): void {
    this.timer[Symbol.dispose]();
  }
}
