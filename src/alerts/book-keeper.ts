import { readFile, rename } from "node:fs/promises";
import type { Clock } from "../base/clock.ts";
import type { Alert } from "../model/alert.ts";
import { type Book, EMPTY_BOOK } from "./book.ts";
import { bookJson, readBook } from "./book-text.ts";
import type { NoticeDraft } from "./draft.ts";
import { replaceFile } from "./files.ts";
import type { PastAlerts } from "./past-alerts.ts";

const VERSION = 1;
/** At most so often, and never more than a fiftieth of the time for making the text. */
const LEAST_PAUSE_MS = 200;
const SHARE_OF_TIME = 50;
const RETRY_MS = 5_000;

export interface KeptAlerts {
  readonly book: Book;
  /** notices that were due and are not known to be handed over */
  readonly unsent: readonly NoticeDraft[];
}

export interface BookKeeperPorts {
  readonly clock: Clock;
  /** what is to be kept, as it is now */
  present(): KeptAlerts;
  warn(message: string): void;
}

/** Keeps the book of alerts in a file, some time after each change. */
export class BookKeeper {
  private readonly path: string;
  private readonly past: PastAlerts;
  private readonly ports: BookKeeperPorts;
  private readonly over: Alert[] = [];
  private timer: Disposable | null = null;
  private writing: Promise<void> = Promise.resolve();
  private pauseMs = LEAST_PAUSE_MS;
  private isChanged = false;
  private isFailing = false;

  constructor(path: string, past: PastAlerts, ports: BookKeeperPorts) {
    this.path = path;
    this.past = past;
    this.ports = ports;
  }

  /** What an earlier daemon kept; null: nothing. A damaged file is set aside and said. */
  static async read(path: string, warn: (message: string) => void): Promise<KeptAlerts | null> {
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (!isMissing(error)) warn(`cannot read the alerts in ${path}: ${wordsOf(error)}; they begin anew`);
      return null;
    }
    try {
      return parseKept(JSON.parse(text));
    } catch (error) {
      const aside = `${path}.damaged`;
      await rename(path, aside).catch(() => undefined);
      warn(
        `cannot use the alerts in ${path}: ${wordsOf(error)}; the file was set aside as ${aside} and they begin anew`,
      );
      return null;
    }
  }

  /** Alerts that are over and not among those of the past yet. */
  get unwritten(): readonly Alert[] {
    return this.over;
  }

  /** An alert is over: it goes to those of the past with the next write. */
  keepPast(alert: Alert): void {
    this.over.push(alert);
    this.changed();
  }

  /** Writes the first book. */
  begin(): Promise<void> {
    this.isChanged = true;
    return this.flush();
  }

  changed(): void {
    this.isChanged = true;
    if (this.timer === null) this.timer = this.ports.clock.setTimer(this.pauseMs, () => void this.flush());
  }

  /** Writes what has changed so far. Never rejects: what cannot be written is tried again. */
  flush(): Promise<void> {
    this.stopTimer();
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  /** Writes what is left, once. */
  async close(): Promise<void> {
    await this.flush();
    this.stopTimer();
  }

  private async write(): Promise<void> {
    if (!this.isChanged) return;
    this.isChanged = false;
    const over = [...this.over];
    // Of the same moment: what ends later is active in this text.
    const text = this.textNow();
    try {
      // In this order: an alert that is added twice is listed once, one that is not added would be forgotten.
      if (over.length > 0) await this.past.add(over);
      this.over.splice(0, over.length);
      await replaceFile(this.path, text);
      this.isFailing = false;
    } catch (error) {
      this.tryAgain(error);
    }
  }

  private textNow(): string {
    const { clock } = this.ports;
    const beginMs = clock.monotonicMs();
    const { book, unsent } = this.ports.present();
    const text = `${JSON.stringify({ version: VERSION, book: bookJson(book), unsent })}\n`;
    this.pauseMs = Math.max(LEAST_PAUSE_MS, (clock.monotonicMs() - beginMs) * SHARE_OF_TIME);
    return text;
  }

  private tryAgain(error: unknown): void {
    this.isChanged = true;
    if (!this.isFailing) {
      this.ports.warn(`cannot keep the alerts in ${this.path}: ${wordsOf(error)}; it is tried again every few seconds`);
    }
    this.isFailing = true;
    this.timer ??= this.ports.clock.setTimer(RETRY_MS, () => void this.flush());
  }

  private stopTimer(): void {
    this.timer?.[Symbol.dispose]();
    this.timer = null;
  }
}

function parseKept(json: unknown): KeptAlerts {
  if (typeof json !== "object" || json === null || !("version" in json)) throw new Error("it is not a book of alerts");
  if (json.version !== VERSION) throw new Error(`its version is ${String(json.version)}, and ${VERSION} is known`);
  const { book, unsent } = json as { book?: unknown; unsent?: unknown };
  const notices = Array.isArray(unsent) ? unsent : [];
  for (const notice of notices) {
    if (typeof notice?.id !== "string" || typeof notice.atMs !== "number" || typeof notice.alert?.id !== "string") {
      throw new Error("a notice is damaged");
    }
  }
  return { book: book === undefined ? EMPTY_BOOK : readBook(book), unsent: notices };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
