import type { Clock } from "../base/clock.ts";
import type { EventDraft } from "../model/event.ts";
import type { Instance } from "../services/instance.ts";
import type { InstanceState } from "../services/instance-state.ts";

export interface LastWordsParts {
  readonly clock: Clock;
  read(instance: Instance, generation: number): Promise<readonly string[]>;
  record(draft: EventDraft): string;
}

/** A restart comes first: reading the log takes as long as a start. */
const RESTART_MS = 20;
/** In a crash loop the words of one crash a second tell enough. */
const ONCE_EVERY_MS = 1_000;

/** Keeps the end of what a program wrote when it ended without having been asked to. */
export class LastWordsRecorder {
  private readonly parts: LastWordsParts;
  private readonly keptAtMs = new WeakMap<Instance, number>();

  constructor(parts: LastWordsParts) {
    this.parts = parts;
  }

  /** Told of each move of an instance; acts when a generation that was not asked to end is gone. */
  moved(instance: Instance, before: InstanceState): void {
    if (before.name !== "ending" || instance.state.name === "ending") return;
    if (before.why.kind === "ordered" || isWell(instance)) return;
    const nowMs = this.parts.clock.monotonicMs();
    if (nowMs - (this.keptAtMs.get(instance) ?? Number.NEGATIVE_INFINITY) < ONCE_EVERY_MS) return;
    this.keptAtMs.set(instance, nowMs);
    const { generation } = before.history;
    const { causeId } = instance;
    const delayMs = instance.state.name === "held" ? RESTART_MS : 0;
    this.parts.clock.setTimer(delayMs, () => void this.keep(instance, generation, causeId));
  }

  private async keep(instance: Instance, generation: number, cause: string | null): Promise<void> {
    const lines = await this.parts.read(instance, generation);
    if (lines.length === 0) return;
    this.parts.record({
      kind: "instance.last-words",
      subject: instance.name,
      message: lines.at(-1) ?? "",
      cause: cause ?? undefined,
      data: { generation, lines },
    });
  }
}

function isWell({ lastExit, spec }: Instance): boolean {
  return lastExit?.exit.kind === "code" && spec.successCodes.includes(lastExit.exit.code);
}
