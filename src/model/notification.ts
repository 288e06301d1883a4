import { nearest } from "../base/nearest.ts";
import { type Refusal, readSaying, type SayingNames } from "./notification-rules.ts";
import { cutText, quoted } from "./notification-text.ts";
import type { Notification, Saying } from "./saying.ts";

/** Muster's own words in a datagram, in the form of sd_notify(3). */
const SAYING_KEYS: SayingNames = {
  id: "MUSTER_ID",
  severity: "MUSTER_SEVERITY",
  progress: "MUSTER_PROGRESS",
  counterName: "MUSTER_COUNTER",
  counterValue: "MUSTER_VALUE",
  message: "MUSTER_MESSAGE",
  said: (id) => `MUSTER_ID=${id}`,
};
const TOKEN_KEY = "MUSTER_TOKEN";
const OWN_KEYS: readonly string[] = [...Object.values(SAYING_KEYS).filter((key) => typeof key === "string"), TOKEN_KEY];

/** What is understood of sd_notify(3). Its other keys are skipped, as are those of others. */
const STANDARD_KEYS = [
  ...["READY", "RELOADING", "STOPPING", "STATUS", "WATCHDOG", "WATCHDOG_USEC", "EXTEND_TIMEOUT_USEC"],
  ...["MAINPID", "ERRNO"],
];
const KNOWN_KEYS: ReadonlySet<string> = new Set([...STANDARD_KEYS, ...OWN_KEYS]);

/** Limits of Linux: PID_MAX_LIMIT, MAX_ERRNO. */
const LARGEST_PID = 4_194_304;
const LARGEST_ERRNO = 4_095;
/** A longer time is a slip of the hand. */
const LONGEST_MS = 366 * 86_400_000;
/** What systemd reads as "without end". */
const USEC_INFINITY = "18446744073709551615";

/**
 * Reads one datagram of a service: lines `KEY=value` of sd_notify(3) and Muster's own. Never throws, whatever the bytes.
 *
 * Bytes that are not UTF-8 become U+FFFD; control characters are data. Of a key that is there twice the first counts,
 * as in systemd. Keys that are not known are skipped, a wrong value of a known one is refused in words.
 */
export function parseNotification(bytes: Uint8Array): Notification {
  const refused: string[] = [];
  const values = readLines(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), refused);
  const text = (key: string): string | null => values.get(key) ?? null;
  const number = (key: string, low: number, high: number) => readNumber(key, text(key), low, high, refused);
  const word = <Word extends string>(key: string, known: readonly Word[]) => readWord(key, text(key), known, refused);
  const status = text("STATUS");
  const notification = {
    ready: word("READY", ["1"]) !== null,
    reloading: word("RELOADING", ["1"]) !== null,
    stopping: word("STOPPING", ["1"]) !== null,
    status: status === null ? null : cutText(status),
    watchdog: readWatchdog(word("WATCHDOG", ["1", "trigger"])),
    watchdogMs: text("WATCHDOG_USEC") === USEC_INFINITY ? 0 : readUsec("WATCHDOG_USEC", text("WATCHDOG_USEC"), refused),
    extendMs: readUsec("EXTEND_TIMEOUT_USEC", text("EXTEND_TIMEOUT_USEC"), refused),
    mainPid: number("MAINPID", 2, LARGEST_PID),
    errno: number("ERRNO", 0, LARGEST_ERRNO),
    token: text(TOKEN_KEY),
  };
  const own = readOwnWords(text);
  refused.push(...own.refused.map(refusalText));
  return { ...notification, saying: own.saying, refused };
}

/** The datagram that says it. Its first line is the id, by which the shim tells what may be dropped. */
export function encodeSaying(saying: Saying, token: string | null): Uint8Array {
  const lines = [`${SAYING_KEYS.id}=${saying.id}`];
  if ("severity" in saying) lines.push(`${SAYING_KEYS.severity}=${saying.severity}`);
  if ("progress" in saying && saying.progress !== null) lines.push(`${SAYING_KEYS.progress}=${saying.progress}`);
  if ("counter" in saying && saying.counter !== null) {
    lines.push(
      `${SAYING_KEYS.counterName}=${saying.counter.name}`,
      `${SAYING_KEYS.counterValue}=${saying.counter.value}`,
    );
  }
  if (token !== null) lines.push(`${TOKEN_KEY}=${token}`);
  if ("message" in saying && saying.message !== null) {
    lines.push(`${SAYING_KEYS.message}=${escapeMessage(cutText(saying.message))}`);
  }
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}

/** "progress is …; did you mean …?" */
export function refusalText(refusal: Refusal): string {
  return refusal.nearest === undefined ? refusal.reason : `${refusal.reason}; did you mean "${refusal.nearest}"?`;
}

function readLines(text: string, refused: string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  let strayLines = 0;
  let unknown: string | undefined;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const equals = line.indexOf("=");
    const key = line.slice(0, Math.max(0, equals));
    if (equals <= 0) strayLines++;
    else if (!KNOWN_KEYS.has(key)) unknown ??= key.startsWith("MUSTER_") ? key : undefined;
    else if (!values.has(key)) values.set(key, line.slice(equals + 1));
    else if (values.get(key) !== line.slice(equals + 1)) repeated.add(key);
  }
  if (strayLines > 0)
    refused.push(strayLines === 1 ? "a line is not KEY=value" : `${strayLines} lines are not KEY=value`);
  if (unknown !== undefined) {
    refused.push(refusalText({ reason: `there is no ${quoted(unknown)}`, nearest: nearest(unknown, OWN_KEYS) }));
  }
  for (const key of repeated) refused.push(`${key} is there more than once; the first counts`);
  return values;
}

function readWord<Word extends string>(
  key: string,
  value: string | null,
  known: readonly Word[],
  refused: string[],
): Word | null {
  if (value === null) return null;
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  refused.push(`${key} is ${known.join(" or ")}, not ${quoted(value)}`);
  return null;
}

function readWatchdog(word: "1" | "trigger" | null): Notification["watchdog"] {
  return word === "1" ? "alive" : word;
}

function readNumber(key: string, value: string | null, low: number, high: number, refused: string[]): number | null {
  if (value === null) return null;
  const number = /^\d{1,20}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= low && number <= high) return number;
  refused.push(`${key} is a whole number from ${low} to ${high}, not ${quoted(value)}`);
  return null;
}

/** Microseconds as milliseconds, rounded up: nobody gets less time than was said. */
function readUsec(key: string, value: string | null, refused: string[]): number | null {
  const usec = readNumber(key, value, 0, LONGEST_MS * 1_000, refused);
  return usec === null ? null : Math.ceil(usec / 1_000);
}

function readOwnWords(text: (key: string) => string | null) {
  const message = text(SAYING_KEYS.message);
  const words = {
    id: text(SAYING_KEYS.id),
    severity: text(SAYING_KEYS.severity),
    progress: text(SAYING_KEYS.progress),
    counterName: text(SAYING_KEYS.counterName),
    counterValue: text(SAYING_KEYS.counterValue),
    message: message === null ? null : unescapeMessage(message),
  };
  return readSaying(words, SAYING_KEYS);
}

function escapeMessage(message: string): string {
  return message.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

/** A backslash before anything else stands for itself, for those who write a datagram by hand. */
function unescapeMessage(text: string): string {
  return text.replace(/\\([\\n])/g, (_, character: string) => (character === "n" ? "\n" : "\\"));
}
