import type { EventKind, JournalEvent } from "../model/event.ts";
import type { Severity } from "../model/severity.ts";
import { textOf } from "./causes.ts";
import type { Draft } from "./draft.ts";
import { raise } from "./raise-policy.ts";
import { resolve } from "./telling-policy.ts";

/** How an event about supervision itself becomes an alert. */
export interface SupervisionRule {
  /** the second word of the fingerprint */
  readonly name: string;
  /** one alert for each subject, one for each way out of the house, or one for the host */
  readonly per: "subject" | "lane" | "host";
  /** null: that of the event */
  readonly severity: Severity | null;
  /** it is over when it was not repeated for the quiet time */
  readonly ends: "quiet" | "when resolved";
  /** nobody is told: the notice would go the way that does not work */
  readonly listOnly?: true;
  /** told only when it goes on for `waitMs`; until then it is over when it was not repeated for `quietMs` */
  readonly lasting?: { readonly waitMs: number; readonly quietMs: number };
}

/** Many that end at once, because of one cause, are held back for a moment; that is no trouble of its own. */
const LASTING_STORM = { waitMs: 10_000, quietMs: 5_000 };

export const SUPERVISION_RULES: Readonly<Partial<Record<EventKind, SupervisionRule>>> = {
  "daemon.storm": { name: "storm", per: "host", severity: null, ends: "quiet", lasting: LASTING_STORM },
  "launcher.lost": { name: "launcher-lost", per: "host", severity: null, ends: "quiet" },
  "configuration.refused": { name: "configuration", per: "host", severity: null, ends: "when resolved" },
  "journal.stalled": { name: "journal-stalled", per: "host", severity: "fatal", ends: "when resolved" },
  "journal.lost": { name: "journal-lost", per: "host", severity: null, ends: "quiet" },
  "journal.set-aside": { name: "journal-set-aside", per: "host", severity: null, ends: "quiet" },
  "journal.removed": { name: "journal-removed", per: "host", severity: null, ends: "quiet" },
  "log.lost": { name: "log-lost", per: "subject", severity: null, ends: "quiet" },
  "instance.escaped": { name: "escaped", per: "subject", severity: null, ends: "quiet" },
  "instance.hung": { name: "hung", per: "subject", severity: null, ends: "quiet" },
  "service.words-lost": { name: "words-lost", per: "subject", severity: null, ends: "quiet" },
  "alert.stalled": { name: "notices-stalled", per: "host", severity: null, ends: "when resolved" },
  "alert.undelivered": { name: "undelivered", per: "lane", severity: null, ends: "quiet", listOnly: true },
  "alert.dropped": { name: "dropped", per: "host", severity: null, ends: "quiet", listOnly: true },
};

/** Which events end what others raised. */
export const SUPERVISION_ENDS: Readonly<Partial<Record<EventKind, readonly EventKind[]>>> = {
  "daemon.started": ["journal.stalled", "alert.stalled"],
  "configuration.applied": ["configuration.refused"],
  "journal.resumed": ["journal.stalled"],
  "log.resumed": ["log.lost"],
  "instance.starting": ["instance.escaped"],
  "instance.ready": ["instance.hung"],
  "instance.stopped": ["instance.escaped", "instance.hung", "log.lost"],
  "alert.resumed": ["alert.stalled"],
  "alert.delivered": ["alert.undelivered"],
};

export function takeTrouble(draft: Draft, event: JournalEvent): void {
  const rule = SUPERVISION_RULES[event.kind];
  if (rule === undefined || !draft.factsOf(event.subject).watched) return;
  const isOwn = rule.per === "subject";
  const fingerprint = fingerprintOf(rule, event);
  const isTold = (draft.active.get(fingerprint)?.told ?? null) !== null;
  const quietMs = rule.lasting === undefined || isTold ? draft.context.rules.quietMs : rule.lasting.quietMs;
  raise(draft, {
    fingerprint,
    kind: "supervision",
    subject: isOwn ? event.subject : "muster",
    severity: rule.severity ?? event.severity,
    message: isOwn || event.subject === "muster" ? event.message : `${event.subject}: ${event.message}`,
    event,
    quietMs: rule.ends === "quiet" ? quietMs : null,
    waitMs: rule.lasting?.waitMs,
    listOnly: rule.listOnly === true,
    generation: 0,
  });
}

export function endTrouble(draft: Draft, event: JournalEvent): void {
  if (draft.active.size === 0) return;
  for (const ended of SUPERVISION_ENDS[event.kind] ?? []) {
    const rule = SUPERVISION_RULES[ended];
    const record = rule === undefined ? undefined : draft.active.get(fingerprintOf(rule, event));
    if (record !== undefined) resolve(draft, record, event.message);
  }
}

function fingerprintOf({ name, per }: SupervisionRule, event: JournalEvent): string {
  if (per === "host") return `supervision ${name}`;
  const whose = per === "subject" ? event.subject : `${textOf(event, "channel")} ${textOf(event, "recipient") ?? ""}`;
  return `supervision ${name} ${whose.trim()}`;
}
