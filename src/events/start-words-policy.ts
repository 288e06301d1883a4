/** Words about the start: the two that end it, and a sign of life before that. */
export type StartWord = "ready" | "failed" | "maintenance";

/**
 * `counts`: the machine is told; `ends-reload`: so it is, but this is about a reload; `late`: it changes nothing;
 * `known`: an earlier daemon heard it and told the machine.
 */
export type StartWordVerdict = "counts" | "ends-reload" | "late" | "known";

/** Which words of one generation about its start still count: only those up to the first that ends it. */
export class StartWords {
  private ended = false;
  private reloading: boolean;

  /** @param reloading as an earlier daemon heard it */
  constructor(reloading = false) {
    this.reloading = reloading;
  }

  /** RELOADING=1 came and no READY=1 since. */
  get isReloading(): boolean {
    return this.reloading;
  }

  /**
   * @param saidMs when it was said
   * @param startedAtMs when the start ended, by these words or other means, also before this daemon came; null: it has not
   */
  take(word: StartWord, saidMs: number, startedAtMs: number | null): StartWordVerdict {
    if (word === "ready" && this.reloading) {
      this.reloading = false;
      return "ends-reload";
    }
    if (this.ended || (startedAtMs !== null && saidMs > startedAtMs)) return "late";
    this.ended = word !== "maintenance";
    return startedAtMs === null ? "counts" : "known";
  }

  /** RELOADING=1: one during the start is no reload. */
  reload(isStarted: boolean): void {
    this.reloading = this.ended || isStarted;
  }
}
