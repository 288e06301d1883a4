import { nearest } from "../base/nearest.ts";
import { cutText, quoted } from "./notification-text.ts";
import { COUNTER_NAME_PATTERN, SAYING_IDS, type Saying, type SayingId } from "./saying.ts";
import { SEVERITIES, type Severity } from "./severity.ts";

/** What a saying is made of, as it was written; null: not given. */
export interface SayingWords {
  readonly id: string | null;
  readonly severity: string | null;
  readonly progress: string | null;
  readonly counterName: string | null;
  readonly counterValue: string | null;
  /** an empty one counts as none */
  readonly message: string | null;
}

/** How the speaker's face calls the words: `msg`, `MUSTER_MESSAGE`, `--severity`. */
export interface SayingNames extends Readonly<Record<keyof SayingWords, string>> {
  /** how it says an id: `id=log`, `notify log` */
  readonly said: (id: SayingId) => string;
  /** how it says a counter where both halves are one word of it: `--counter` */
  readonly counter?: string;
}

/** Why a word is not taken: the second half of a sentence, and what was probably meant. */
export interface Refusal {
  readonly reason: string;
  readonly nearest?: string | undefined;
}

export interface ReadSaying {
  /** null: nothing that could be understood is left */
  readonly saying: Saying | null;
  readonly refused: readonly Refusal[];
}

/** Which words an id takes besides itself: the one table of what may be combined. */
export const TAKEN_WORDS: Readonly<Record<SayingId, readonly (keyof SayingWords)[]>> = {
  started_ok: [],
  start_failed: ["message"],
  maintenance: ["progress", "message"],
  log: ["severity", "message"],
  alert: ["severity", "counterName", "counterValue", "message"],
};

/** What counts when none is said. An alert is for a person; one of `info` would wake nobody. */
export const DEFAULT_SEVERITY = { log: "info", alert: "error" } as const satisfies Record<string, Severity>;

/** Stands for the reason of a start that failed and did not say why. */
export const NO_REASON = "no reason was given";

/**
 * Makes a saying of words, or says what is wrong with them. A word that is refused is left out and the rest counts all
 * the same, so that a service which writes its own datagrams is heard as far as it can be; the faces for people and
 * scripts refuse the whole as soon as one word is.
 */
export function readSaying(given: SayingWords, names: SayingNames): ReadSaying {
  const refused: Refusal[] = [];
  const id = readId(given, names, refused);
  if (id === null) return { saying: null, refused };
  const words = { ...given };
  for (const word of Object.keys(words) as (keyof SayingWords)[]) {
    if (word === "id" || words[word] === null || TAKEN_WORDS[id].includes(word)) continue;
    refused.push({ reason: `${names.said(id)} does not take ${names[word]}` });
    words[word] = null;
  }
  return { saying: makeSaying(id, words, names, refused), refused };
}

function readId(words: SayingWords, names: SayingNames, refused: Refusal[]): SayingId | null {
  const id = SAYING_IDS.find((known) => known === words.id);
  if (id !== undefined) return id;
  if (words.id !== null) {
    const reason = `${names.id} is one of ${SAYING_IDS.join(", ")}, not ${quoted(words.id)}`;
    refused.push({ reason, nearest: nearest(words.id, SAYING_IDS) });
    return null;
  }
  const given = (Object.keys(words) as (keyof SayingWords)[]).filter((word) => words[word] !== null);
  if (given.length > 0) {
    refused.push({ reason: `${given.map((word) => names[word]).join(", ")} without ${names.id}` });
  }
  return null;
}

function makeSaying(id: SayingId, words: SayingWords, names: SayingNames, refused: Refusal[]): Saying | null {
  const message = words.message === null || words.message === "" ? null : cutText(words.message);
  switch (id) {
    case "started_ok":
      return { id };
    case "start_failed":
      return { id, message: message ?? NO_REASON };
    case "maintenance":
      return { id, progress: readProgress(words.progress, names, refused), message };
    case "log": {
      const severity = readSeverity(words.severity, names, refused) ?? DEFAULT_SEVERITY.log;
      if (message !== null) return { id, severity, message };
      refused.push({ reason: `${names.said(id)} needs ${names.message}` });
      return null;
    }
    case "alert": {
      const severity = readSeverity(words.severity, names, refused) ?? DEFAULT_SEVERITY.alert;
      const counter = readCounter(words, names, refused);
      if (message !== null || counter !== null) return { id, severity, message, counter };
      const both = names.counter ?? `${names.counterName} and ${names.counterValue}`;
      refused.push({ reason: `${names.said(id)} needs ${names.message}, or ${both}` });
      return null;
    }
  }
}

function readProgress(word: string | null, names: SayingNames, refused: Refusal[]): number | null {
  if (word === null) return null;
  const progress = /^\d{1,3}$/.test(word) ? Number(word) : 0;
  if (progress >= 1 && progress <= 100) return progress;
  refused.push({ reason: `${names.progress} is a whole number from 1 to 100, not ${quoted(word)}` });
  return null;
}

function readSeverity(word: string | null, names: SayingNames, refused: Refusal[]): Severity | null {
  if (word === null) return null;
  const severity = SEVERITIES.find((known) => known === word);
  if (severity !== undefined) return severity;
  const reason = `${names.severity} is one of ${SEVERITIES.join(", ")}, not ${quoted(word)}`;
  refused.push({ reason, nearest: nearest(word, SEVERITIES) });
  return null;
}

const DECIMAL_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function readCounter(
  words: SayingWords,
  names: SayingNames,
  refused: Refusal[],
): { readonly name: string; readonly value: number } | null {
  const { counterName: name, counterValue: written } = words;
  if (name === null && written === null) return null;
  if (name === null || written === null) {
    const [given, other] =
      name === null ? (["counterValue", "counterName"] as const) : (["counterName", "counterValue"] as const);
    refused.push({ reason: `${names[given]} without ${names[other]}` });
    return null;
  }
  const value = DECIMAL_NUMBER.test(written) ? Number(written) : Number.NaN;
  if (!COUNTER_NAME_PATTERN.test(name)) {
    const letters = "letters, digits, _, . and -, with a letter or _ first, at most 63";
    refused.push({ reason: `${names.counterName} is a name of ${letters}, not ${quoted(name)}` });
  } else if (!Number.isFinite(value)) {
    refused.push({ reason: `${names.counterValue} is a decimal number, not ${quoted(written)}` });
  } else {
    // Adding 0 makes 0 of -0, which no text tells apart.
    return { name, value: value + 0 };
  }
  return null;
}
