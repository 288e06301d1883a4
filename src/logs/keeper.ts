import type { Clock } from "../base/clock.ts";
import { formatSize } from "../base/size.ts";
import type { EventDraft } from "../model/event.ts";
import { formatInstance, type InstanceId } from "../model/name.ts";
import type { LogPolicy } from "../model/service.ts";
import { packLog } from "./pack.ts";
import { isDueForAge, type KeepingPlan, planKeeping, type Removal } from "./policy.ts";
import { removeLeftovers, removeRotated, type Survey, surveyLogs } from "./survey.ts";

const AGE_EVERY_MS = 60_000;
const SURVEY_EVERY_MS = 600_000;

export interface LogKeeperParts {
  readonly clock: Clock;
  /** `<state>/logs` */
  readonly directory: string;
  /** the log policy of each service that is configured now */
  policies(): ReadonlyMap<string, LogPolicy>;
  /** where rotated files of the present instances are put; their names are filled in */
  archives(): readonly string[];
  /** the most that all logs may take together; 0: no limit */
  hostTotalBytes(): number;
  /** Asks the shim of an instance to rotate; what has no shim is left. */
  rotate(instance: InstanceId): void;
  record(draft: EventDraft): void;
  /** Whether a rotated file must be kept and left plain for now (it is still copied to standard output). */
  isHeld(stream: string, path: string): boolean;
  /** Told what could not be done, for the daemon's own log; it is tried again at the next run. */
  warn(message: string): void;
}

/**
 * Keeps house among the logs: rotates by age, packs, and removes what is beyond the limits. Runs once when it is started,
 * after that when something rotated, and every ten minutes. One run at a time, one file at a time, off this thread.
 */
export class LogKeeper {
  private readonly parts: LogKeeperParts;
  private running: Promise<void> = Promise.resolve();
  private pending = false;
  private closed = false;
  private timer: Disposable | null = null;
  private surveyedMs = 0;

  constructor(parts: LogKeeperParts) {
    this.parts = parts;
  }

  start(): void {
    this.enqueue(() => removeLeftovers(this.parts.directory, this.parts.archives()));
    this.run();
    this.schedule();
  }

  /** A shim has rotated, or the limits have changed. */
  rotated(): void {
    this.run();
  }

  /** Resolves when what was asked for until now is done. */
  settled(): Promise<void> {
    return this.running;
  }

  /** Waits for the file that is worked on. */
  async close(): Promise<void> {
    this.closed = true;
    this.timer?.[Symbol.dispose]();
    await this.running;
  }

  private schedule(): void {
    this.timer = this.parts.clock.setTimer(AGE_EVERY_MS, () => {
      const hasAge = [...this.parts.policies().values()].some((policy) => policy.ageMs > 0);
      const isDue = this.parts.clock.monotonicMs() - this.surveyedMs >= SURVEY_EVERY_MS;
      if (hasAge || isDue) this.run();
      this.schedule();
    });
  }

  private run(): void {
    if (this.pending || this.closed) return;
    this.pending = true;
    this.enqueue(async () => {
      this.pending = false;
      this.surveyedMs = this.parts.clock.monotonicMs();
      const survey = await this.survey();
      this.rotateOld(survey);
      await this.keep(survey);
    });
  }

  private enqueue(work: () => Promise<void>): void {
    this.running = this.running.then(async () => {
      if (this.closed) return;
      try {
        await work();
      } catch (fault) {
        this.parts.warn(`cannot keep the logs in order: ${(fault as Error).message}; it is tried again later`);
      }
    });
  }

  private rotateOld(survey: Survey): void {
    const policies = this.parts.policies();
    const nowMs = this.parts.clock.wallMs();
    const due = new Map<string, InstanceId>();
    for (const file of survey.current) {
      const ageMs = policies.get(file.instance.service)?.ageMs ?? 0;
      if (isDueForAge(file, ageMs, nowMs)) due.set(formatInstance(file.instance), file.instance);
    }
    for (const instance of due.values()) this.parts.rotate(instance);
  }

  /** Packs before it looks at the limits of size: what fits when it is packed need not go. */
  private async keep(survey: Survey): Promise<void> {
    const plan = this.plan(survey);
    await this.removeAll(plan.remove.filter(({ reason }) => reason === "keep"));
    for (const { path } of plan.pack) {
      if (this.closed) return;
      await packLog(path).catch((fault: Error) => {
        this.parts.warn(`cannot compress ${path}: ${fault.message}; it stays as it is`);
      });
    }
    const again = plan.pack.length > 0 ? await this.survey() : survey;
    await this.removeAll(this.plan(again).remove.filter(({ reason }) => reason !== "keep"));
  }

  private plan({ current, rotated }: Survey): KeepingPlan {
    const currentBytes = new Map<string, number>();
    for (const { instance, sizeBytes } of current) {
      currentBytes.set(instance.service, (currentBytes.get(instance.service) ?? 0) + sizeBytes);
    }
    const { parts } = this;
    return planKeeping({ rotated, currentBytes, rules: parts.policies(), hostTotalBytes: parts.hostTotalBytes() });
  }

  private survey(): Promise<Survey> {
    return surveyLogs(this.parts.directory, this.parts.archives(), this.parts.isHeld);
  }

  /** One event a service and reason, however many files went. */
  private async removeAll(removals: readonly Removal[]): Promise<void> {
    const groups = Map.groupBy(removals, ({ file, reason }) => `${file.service} ${reason}`);
    for (const group of groups.values()) {
      const removed: Removal[] = [];
      for (const removal of group) {
        await removeRotated(removal.file.path).then(
          () => removed.push(removal),
          (fault: Error) =>
            this.parts.warn(`cannot remove ${removal.file.path}: ${fault.message}; it is tried again later`),
        );
      }
      if (removed.length > 0) this.parts.record(removedEvent(removed));
    }
  }
}

const REASON_WORDS = {
  keep: "more files than log.keep allows",
  "service-total": "the limit of the service's logs was exceeded",
  "host-total": "the limit of all logs was exceeded",
} as const;

function removedEvent(removed: readonly Removal[]): EventDraft {
  const bytes = removed.reduce((sum, { file }) => sum + file.sizeBytes, 0);
  const { file, reason } = removed[0] ?? { file: { service: "muster" }, reason: "keep" as const };
  const unread = removed.filter((one) => one.file.held).length;
  const files = removed.length === 1 ? "1 rotated file" : `${removed.length} rotated files`;
  const warning = unread > 0 ? `; ${unread} of them had not been copied to standard output in full` : "";
  return {
    kind: "log.removed",
    subject: file.service,
    message: `${files} (${formatSize(bytes)}) removed: ${REASON_WORDS[reason]}${warning}`,
    severity: unread > 0 ? "error" : undefined,
    data: { reason, bytes, notCopied: unread, files: removed.map((one) => one.file.path) },
  };
}
