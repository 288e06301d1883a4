import type { Notice } from "../../model/alert.ts";
import type { JournalEvent } from "../../model/event.ts";
import { byImportance, headline, lasted } from "./mail-words.ts";
import { manyLines, oneLine } from "./safe-text.ts";

const WIDTH = 76;
const MESSAGE_CHARACTERS = 8_192;
const LINE_CHARACTERS = 500;
const MOST_EVENTS = 30;
const MOST_LOG_LINES = 50;
/** A digest holds the details of as many notices as fit into this; all are named in its list. */
const DETAILS_CHARACTERS = 200_000;

/** The plain text of a mail about one notice, or of a digest. */
export function mailText(notices: readonly Notice[]): string {
  const [only] = notices;
  if (only === undefined) return "";
  if (notices.length === 1) return `${details(only)}\n`;
  const sorted = notices.toSorted(byImportance);
  const parts = [`${notices.length} notices have waited and come together:`, "", ...sorted.map(listEntry)];
  let rest = DETAILS_CHARACTERS;
  let left = 0;
  for (const notice of sorted) {
    const text = details(notice);
    rest -= text.length;
    if (rest >= 0) parts.push("", "-".repeat(WIDTH), headline(notice), "", text);
    else left++;
  }
  if (left > 0) parts.push("", "-".repeat(WIDTH), `The details of ${left} more are shown by: muster alerts`);
  return `${parts.join("\n")}\n`;
}

function listEntry(notice: Notice): string {
  const { alert } = notice;
  const when = notice.kind === "resolved" ? `resolved ${alert.resolvedAt ?? notice.at}` : `since ${alert.raisedAt}`;
  const others = alert.affected.length > 0 ? `\n${wrapped(alert.affected, "    ")}` : "";
  const message = oneLine(notice.kind === "resolved" ? (alert.resolvedBy ?? "") : alert.message, 200);
  return `* ${headline(notice)}, ${when}\n    ${message}${others}`;
}

function details(notice: Notice): string {
  return [
    manyLines(whatHappened(notice), MESSAGE_CHARACTERS),
    facts(notice),
    ...chainPart(notice.chain),
    ...logPart(notice),
    ...hint(notice),
  ].join("\n\n");
}

function whatHappened({ kind, alert }: Notice): string {
  return kind === "resolved"
    ? `It is over: ${alert.resolvedBy ?? "resolved"}\nIt was: ${alert.message}`
    : alert.message;
}

function facts(notice: Notice): string {
  const { alert, host } = notice;
  const during = lasted(notice).map((text) => ` (${text})`);
  const rows: [string, string][] = [
    ["Since", alert.raisedAt + (notice.kind === "resolved" ? "" : during.join(""))],
    ["Host", host],
    ["Subject", alert.subject],
    ["Severity", alert.severity],
  ];
  if (alert.count > 1) rows.push(["Seen", `${alert.count} times, last ${alert.lastAt}`]);
  if (alert.resolvedAt !== null) rows.push(["Resolved", alert.resolvedAt + during.join("")]);
  if (alert.acknowledged !== null) rows.push(["Looked after", `by ${alert.acknowledged.by}`]);
  const lines = rows.map(([name, value]) => `${`${name}:`.padEnd(14)}${oneLine(value, LINE_CHARACTERS)}`);
  if (alert.affected.length === 0) return lines.join("\n");
  return [...lines, "", `Down with it (${alert.affected.length}):`, wrapped(alert.affected, "  ")].join("\n");
}

function chainPart(chain: readonly JournalEvent[]): string[] {
  if (chain.length === 0) return [];
  const left = Math.max(0, chain.length - MOST_EVENTS);
  const shown = left === 0 ? chain : [...chain.slice(0, MOST_EVENTS / 2), ...chain.slice(-MOST_EVENTS / 2)];
  const lines = shown.map(
    (event) => `  ${event.time} ${oneLine(`${event.subject}: ${event.message}`, LINE_CHARACTERS)}`,
  );
  if (left > 0) lines.splice(MOST_EVENTS / 2, 0, `  [${left} events in between]`);
  return [["What led to it:", ...lines].join("\n")];
}

function logPart({ logLines, alert }: Notice): string[] {
  if (logLines.length === 0) return [];
  const lines = logLines.slice(-MOST_LOG_LINES).map((line) => `  | ${oneLine(line, LINE_CHARACTERS)}`);
  return [[`The last lines of ${oneLine(alert.subject, 100)}:`, ...lines].join("\n")];
}

function hint({ kind, alert }: Notice): string[] {
  if (kind === "resolved" || kind === "test") return [];
  const why = `To see why: muster why ${oneLine(alert.subject, 100)}`;
  return [`To say that you look after it: muster ack ${oneLine(alert.id, 200)}\n${why}`];
}

/** All names, in lines of a mail's width. */
function wrapped(names: readonly string[], indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const [index, name] of names.entries()) {
    const word = oneLine(name, 200) + (index < names.length - 1 ? "," : "");
    if (line !== indent && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
