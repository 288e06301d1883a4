import { getSystemErrorName } from "node:util";
import type { Notification, Saying } from "../model/saying.ts";
import type { ServiceReport } from "../model/service-report.ts";
import { isAtLeast } from "../model/severity.ts";
import { MOST_COUNTERS } from "./counters-policy.ts";
import { alertDrafts, countersFullDraft, type LateWord, lateDraft, logDraft, onceKey, type Place } from "./drafts.ts";
import { DueTimer, earlierMs } from "./due-timer.ts";
import type { InstanceHearing } from "./instance-hearing.ts";
import { logLine } from "./log-text.ts";
import { maintenanceMerge } from "./maintenance-policy.ts";
import type { Memory } from "./memory.ts";
import { countedMerge, Merge } from "./merge-policy.ts";
import type { HearerPorts, Source } from "./ports.ts";
import { type StartWord, StartWords } from "./start-words-policy.ts";

/** Status texts that come faster are merged. */
const STATUS_EVERY_MS = 100;
/** So are signs of life: a quarter of the shortest watchdog that a file may ask for. */
const PING_EVERY_MS = 25;

/** A believed word: where it lies, who said it and when. */
export interface Spoken extends Place {
  /** monotonic */
  readonly monotonicMs: number;
}

/** What the words of one generation mean: to its machine, to the journal, to its own log. */
export class Voice implements Disposable {
  readonly source: Source;
  /** a later generation was opened: nothing more goes to the machine */
  isSuperseded = false;
  private statusText: string | null;
  private countersFullTold = false;
  private readonly instance: InstanceHearing;
  private readonly ports: HearerPorts;
  private readonly startWords: StartWords;
  private readonly late = countedMerge<LateWord>();
  private readonly maintenance = maintenanceMerge(() => this.source.silenceMs);
  private readonly pings = new Merge<ServiceReport>(PING_EVERY_MS);
  private readonly statuses = new Merge<ServiceReport>(STATUS_EVERY_MS);
  private readonly timer: DueTimer;

  constructor(source: Source, instance: InstanceHearing, ports: HearerPorts, memory: Memory) {
    this.source = source;
    this.instance = instance;
    this.ports = ports;
    this.statusText = memory.statusText;
    this.startWords = new StartWords(memory.reloading);
    this.timer = new DueTimer(ports.clock, () => this.takeDue());
  }

  get status(): string | null {
    return this.statusText;
  }

  get isReloading(): boolean {
    return this.startWords.isReloading;
  }

  /** In the order in which they would have to be said one by one. */
  take(words: Notification, spoken: Spoken): void {
    if (words.status !== null || words.errno !== null) this.takeStatus(words.status, words.errno);
    if (words.watchdogMs !== null) this.report({ kind: "watchdog-changed", intervalMs: words.watchdogMs });
    if (words.extendMs !== null) this.report({ kind: "deadline-extended", byMs: words.extendMs });
    // Both in one message say that it has reloaded already (systemd reads it so).
    if (words.reloading) this.takeReloading();
    if (words.saying !== null) this.takeSaying(words.saying, spoken);
    if (words.ready && words.saying?.id !== "started_ok") this.takeReady("READY=1", spoken);
    if (words.stopping) this.report({ kind: "stopping-reported" });
    if (words.watchdog === "alive") this.pass(this.pings, { kind: "watchdog-pinged" });
    if (words.watchdog === "trigger") this.report({ kind: "watchdog-triggered" });
  }

  /** Tells what still waits: something follows that it must not come after. */
  flush(): void {
    this.reportIf(this.maintenance.flush());
    this.reportIf(this.pings.flush());
    this.reportIf(this.statuses.flush());
  }

  /** Says what it has counted so far. */
  flushCounts(): void {
    const late = this.late.flush();
    if (late !== undefined) this.instance.record(lateDraft(this.source, late));
  }

  [Symbol.dispose](): void {
    this.timer[Symbol.dispose]();
  }

  private takeSaying(saying: Saying, spoken: Spoken): void {
    if (saying.id === "started_ok") this.takeReady(saying.id, spoken);
    else if (saying.id === "log") this.takeLog(saying, spoken);
    else if (saying.id === "alert") this.takeAlert(saying, spoken);
    else if (saying.id === "start_failed") this.takeFailed(saying.message, spoken);
    else this.takeMaintenance(saying, spoken);
  }

  private takeFailed(reason: string, spoken: Spoken): void {
    if (!this.counts("failed", `start_failed: ${reason}`, spoken)) return;
    this.flush();
    this.report({ kind: "start-failed", reason });
  }

  private takeMaintenance(saying: Extract<Saying, { id: "maintenance" }>, spoken: Spoken): void {
    const { progress, message: text } = saying;
    if (!this.counts("maintenance", "maintenance", spoken)) return;
    this.pass(this.maintenance, { kind: "maintenance-reported", progress, text });
  }

  private takeReady(said: string, spoken: Spoken): void {
    if (!this.counts("ready", said, spoken)) return;
    this.flush();
    this.report({ kind: "ready-reported", how: said === "READY=1" ? "it said so" : `it said ${said}` });
  }

  private counts(word: StartWord, said: string, place: Spoken): boolean {
    const verdict = this.startWords.take(word, place.monotonicMs, this.ports.startedAtMs(this.source));
    if (verdict === "known") return false;
    if (verdict !== "late") return true;
    const late = this.late.take({ count: 1, newest: { place, said } }, this.ports.clock.monotonicMs());
    if (late === undefined) this.wake();
    else this.instance.record(lateDraft(this.source, late));
    return false;
  }

  private takeReloading(): void {
    this.startWords.reload(this.ports.startedAtMs(this.source) !== null);
    this.report({ kind: "reload-reported" });
  }

  private takeStatus(status: string | null, errno: number | null): void {
    const error = errno === null || errno === 0 ? "" : errnoText(errno);
    const said = status ?? "";
    const text = error === "" || said === "" ? said + error : `${said} (${error})`;
    this.statusText = text === "" ? null : text;
    this.pass(this.statuses, { kind: "status-said", text });
  }

  private takeLog(saying: Extract<Saying, { id: "log" }>, spoken: Spoken): void {
    if (!this.instance.admits("log", onceKey(this.source, spoken), spoken.monotonicMs)) return;
    const { severity, message } = saying;
    const isForJournal = isAtLeast(severity, "warn");
    if (isForJournal || !this.ports.writeLine(this.source, logLine(severity, message))) {
      this.instance.record(logDraft(this.source, spoken, saying));
    }
  }

  /** The value of a counter is kept also where the word itself is dropped: it costs nothing and is the newest. */
  private takeAlert(saying: Extract<Saying, { id: "alert" }>, spoken: Spoken): void {
    const { counter } = saying;
    const kept = counter === null || this.instance.counters.set(counter.name, counter.value) === "kept";
    if (!kept) this.tellCountersFull(counter.name, spoken);
    const heard = kept ? saying : { ...saying, counter: null };
    if (heard.message === null && heard.counter === null) return;
    if (!this.instance.admits("alert", onceKey(this.source, spoken), spoken.monotonicMs)) return;
    for (const draft of alertDrafts(this.source, spoken, heard)) this.instance.record(draft);
  }

  private tellCountersFull(name: string, place: Place): void {
    if (this.countersFullTold) return;
    this.countersFullTold = true;
    this.instance.record(countersFullDraft(this.source, place, name, MOST_COUNTERS));
  }

  private pass<Report extends ServiceReport>(merge: Merge<Report>, report: Report): void {
    const passed = merge.take(report, this.ports.clock.monotonicMs());
    if (passed === undefined) this.wake();
    else this.report(passed);
  }

  private takeDue(): void {
    const nowMs = this.ports.clock.monotonicMs();
    const late = this.late.due(nowMs);
    if (late !== undefined) this.instance.record(lateDraft(this.source, late));
    for (const merge of [this.maintenance, this.pings, this.statuses]) this.reportIf(merge.due(nowMs));
    this.wake();
  }

  private wake(): void {
    const soon = earlierMs(this.pings.dueMs, this.statuses.dueMs);
    this.timer.wake(earlierMs(soon, earlierMs(this.maintenance.dueMs, this.late.dueMs)));
  }

  private reportIf(report: ServiceReport | undefined): void {
    if (report !== undefined) this.report(report);
  }

  private report(report: ServiceReport): void {
    if (!this.isSuperseded) this.ports.report(this.source, report);
  }
}

function errnoText(errno: number): string {
  try {
    return `errno ${errno}, ${getSystemErrorName(-errno)}`;
  } catch {
    return `errno ${errno}`;
  }
}
