import { formatDurationRough } from "../../base/duration.ts";
import { parseRfc3339 } from "../../base/rfc3339.ts";
import type { Notice } from "../../model/alert.ts";
import { SEVERITIES } from "../../model/severity.ts";
import { oneLine } from "./safe-text.ts";

/** What a telephone shows of a subject. */
const SUBJECT_CHARACTERS = 60;
const NAME_CHARACTERS = 32;
const HOST_CHARACTERS = 24;

/** The most important first: `DOWN db (+40) on host1`, `OK db on host1 after 12m`, `DOWN db (+40) and 11 more on host1`. */
export function mailSubject(notices: readonly Notice[]): string {
  const first = notices.toSorted(byImportance)[0];
  if (first === undefined) return "";
  const where = `on ${shortHost(first.host)}`;
  if (notices.length > 1)
    return oneLine(`${headline(first)} and ${notices.length - 1} more ${where}`, SUBJECT_CHARACTERS);
  const words = [headline(first), where];
  if (first.kind === "resolved") words.push(...lasted(first).map((text) => `after ${text}`));
  const subject = words.join(" ");
  const isSaid = first.alert.kind === "said" && first.kind !== "resolved";
  return oneLine(isSaid ? `${subject}: ${first.alert.message}` : subject, SUBJECT_CHARACTERS);
}

/** `DOWN db (+40)` */
export function headline(notice: Notice): string {
  const others = notice.alert.affected.length;
  const name = oneLine(notice.alert.subject, NAME_CHARACTERS);
  if (notice.kind === "test") return "TEST of alerts";
  return `${stateWord(notice)} ${name}${others > 0 ? ` (+${others})` : ""}`;
}

/** What is not over before what is, then the worst, then the oldest. */
export function byImportance(a: Notice, b: Notice): number {
  const isOver = (notice: Notice) => (notice.kind === "resolved" ? 1 : 0);
  const rank = (notice: Notice) => SEVERITIES.indexOf(notice.alert.severity);
  return isOver(a) - isOver(b) || rank(b) - rank(a);
}

/** How long the alert lasted, or lasts by now; nothing when that is less than a second or its times cannot be read. */
export function lasted({ alert, at }: Notice): string[] {
  const beginMs = parseRfc3339(alert.raisedAt);
  const endMs = parseRfc3339(alert.resolvedAt ?? at);
  if (beginMs === undefined || endMs === undefined || endMs - beginMs < 1_000) return [];
  return [formatDurationRough(endMs - beginMs)];
}

function stateWord({ kind, alert }: Notice): string {
  if (kind === "resolved") return "OK";
  const words = { down: "DOWN", flapping: "FLAPPING", suppressed: "NOISY", said: "", supervision: "" };
  const word = words[alert.kind] || alert.severity.toUpperCase();
  return kind === "reminder" ? `STILL ${word}` : word;
}

function shortHost(host: string): string {
  return oneLine(host.split(".")[0] ?? host, HOST_CHARACTERS);
}
