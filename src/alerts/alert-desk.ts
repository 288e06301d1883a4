import type { Clock } from "../base/clock.ts";
import type { CodedError } from "../base/coded-error.ts";
import { formatDuration } from "../base/duration.ts";
import { nearest } from "../base/nearest.ts";
import { err, ok, type Result } from "../base/result.ts";
import { formatRfc3339 } from "../base/rfc3339.ts";
import type { Silence } from "../model/alert.ts";
import { codedError } from "../model/errors/catalogue.ts";
import type { EventDraft, JournalEvent } from "../model/event.ts";
import type { AlertRecord, Book } from "./book.ts";
import { showSilence } from "./shown.ts";
import { PATTERN_LIMIT } from "./silence-policy.ts";
import { MOST_SILENCES, silenceIdOf } from "./word-policy.ts";

export interface AlertDeskPorts {
  readonly clock: Pick<Clock, "wallMs">;
  /** with all that was recorded so far */
  book(): Book;
  record(draft: EventDraft): JournalEvent;
}

export interface SilenceRequest {
  /** of subjects or fingerprints; `*` stands for any characters */
  readonly pattern: string;
  readonly forMs: number;
  readonly comment: string | null;
}

const LEAST_SILENCE_MS = 1_000;
const MOST_SILENCE_MS = 365 * 86_400_000;

/**
 * What people may do with alerts. It only checks and records: the events that it writes are what changes the book, so that
 * a replay of the journal does the same.
 */
export class AlertDesk {
  private readonly ports: AlertDeskPorts;

  constructor(ports: AlertDeskPorts) {
    this.ports = ports;
  }

  /**
   * @param names ids, subjects or fingerprints of active alerts; one that is unknown refuses all
   * @returns the ids of those that are acknowledged now
   */
  acknowledge(
    names: readonly string[] | "all",
    by: string,
    comment: string | null,
  ): Result<ReadonlySet<string>, CodedError> {
    const records = [...this.ports.book().active.values()];
    const chosen = new Map(names === "all" ? records.map((record) => [record.id, record]) : []);
    for (const name of names === "all" ? [] : names) {
      const named = records.filter((record) => isNamed(record, name));
      if (named.length === 0) return err(unknownAlert(name, records));
      for (const record of named) chosen.set(record.id, record);
    }
    for (const { id, fingerprint, subject, message, lastEvent } of chosen.values()) {
      this.ports.record({
        kind: "alert.acknowledged",
        subject,
        message: `${by} looks after: ${message}`,
        cause: lastEvent,
        data: { alert: id, fingerprint, by, comment },
      });
    }
    return ok(new Set(chosen.keys()));
  }

  silence({ pattern, forMs, comment }: SilenceRequest, by: string): Result<Silence, CodedError> {
    const reason = wrongPattern(pattern);
    if (reason !== null) return err(codedError("silence-pattern-wrong", { pattern: pattern.slice(0, 100), reason }));
    if (!(forMs >= LEAST_SILENCE_MS && forMs <= MOST_SILENCE_MS)) {
      return err(codedError("silence-time-wrong", { forMs, most: formatDuration(MOST_SILENCE_MS) }));
    }
    if (this.ports.book().silences.size >= MOST_SILENCES) {
      return err(codedError("silences-too-many", { most: MOST_SILENCES }));
    }
    const until = formatRfc3339(Math.floor(this.ports.clock.wallMs() + forMs));
    const event = this.ports.record({
      kind: "alert.silenced",
      subject: "muster",
      message: `${by} silenced "${pattern}" for ${formatDuration(forMs)}`,
      data: { pattern, until, by, comment },
    });
    return ok({ id: silenceIdOf(event), pattern, until, by, comment });
  }

  unsilence(id: string, by: string): Result<Silence, CodedError> {
    const { silences } = this.ports.book();
    const silence = silences.get(id);
    if (silence === undefined) {
      return err(codedError("silence-unknown", { id: id.slice(0, 100), nearest: nearest(id, silences.keys()) }));
    }
    const message = `${by} lifted the silence of "${silence.pattern}"`;
    this.ports.record({ kind: "alert.unsilenced", subject: "muster", message, data: { silence: id, by } });
    return ok(showSilence(silence));
  }
}

function isNamed({ id, subject, fingerprint }: AlertRecord, name: string): boolean {
  return id === name || subject === name || fingerprint === name;
}

function unknownAlert(name: string, records: readonly AlertRecord[]): CodedError {
  const known = records.flatMap(({ id, subject }) => [id, subject]);
  return codedError("alert-unknown", { id: name.slice(0, 200), nearest: nearest(name, known) });
}

function wrongPattern(pattern: string): string | null {
  if (pattern.trim() === "") return "it is empty";
  if (pattern.length > PATTERN_LIMIT) return `it is longer than ${PATTERN_LIMIT} characters`;
  return /\p{Cc}/u.test(pattern) ? "it has control characters in it" : null;
}
