import { CodedError } from "../base/coded-error.ts";
import { nearest } from "../base/nearest.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { readSaying, type SayingNames, type SayingWords } from "../model/notification-rules.ts";
import { quoted } from "../model/notification-text.ts";
import type { Saying } from "../model/saying.ts";
import { VME_USAGE } from "./vme-usage.ts";

/** What `vme` needs of the program around it. */
export interface VmeHost {
  /** Returns when it is on file; throws a coded error when it could not be said. */
  say(saying: Saying): Promise<void>;
  /** to standard output (1) or error (2); whoever shows it makes foreign characters harmless */
  show(descriptor: 1 | 2, text: string): Promise<void>;
}

const KEYS = {
  id: "id",
  msg: "message",
  severity: "severity",
  progress: "progress",
  cnt_name: "counterName",
  cnt_value: "counterValue",
} as const satisfies Record<string, keyof SayingWords>;
type Key = keyof typeof KEYS;
const KEY_NAMES = Object.keys(KEYS) as Key[];

const NAMES: SayingNames = {
  id: "id",
  message: "msg",
  severity: "severity",
  progress: "progress",
  counterName: "cnt_name",
  counterValue: "cnt_value",
  said: (id) => `id=${id}`,
};

/**
 * AppLogic's `vme`: `vme id=<event> [msg=…] [severity=…] [progress=…] [cnt_name=… cnt_value=…]`, in any order.
 * @param words without the program's own name
 * @returns the exit code: 0 it is on file, 1 it could not be said, 2 wrong usage
 */
export async function runVme(words: readonly string[], host: VmeHost): Promise<number> {
  if (words.some((word) => word === "--help" || word === "-h") || (words.length === 1 && words[0] === "help")) {
    await host.show(1, VME_USAGE);
    return 0;
  }
  try {
    await host.say(readWords(words));
    return 0;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    await host.show(2, `vme: ${error.message}\n`);
    return error.code === "usage-wrong" ? 2 : 1;
  }
}

function readWords(words: readonly string[]): Saying {
  const given = new Map<Key, string>();
  for (const word of words) {
    const [key, value] = readPair(word);
    if (given.has(key)) throw usageError(`"${key}" was given twice`);
    given.set(key, value);
  }
  const text = (key: Key) => given.get(key) ?? null;
  if (text("id") === null) throw usageError("id=<event> is missing");
  const { saying, refused } = readSaying(
    {
      id: text("id"),
      severity: text("severity"),
      progress: text("progress"),
      counterName: text("cnt_name"),
      counterValue: text("cnt_value"),
      message: text("msg"),
    },
    NAMES,
  );
  const [mistake] = refused;
  if (mistake !== undefined || saying === null)
    throw usageError(mistake?.reason ?? "nothing is said", mistake?.nearest);
  return saying;
}

function readPair(word: string): readonly [Key, string] {
  const equals = word.indexOf("=");
  const key = equals === -1 ? word : word.slice(0, equals);
  const known = KEY_NAMES.find((name) => name === key);
  if (known !== undefined && equals !== -1) return [known, word.slice(equals + 1)];
  if (known !== undefined) throw usageError(`"${key}" needs a value: ${key}=…`);
  const reason = equals === -1 ? `${quoted(word)} is not key=value` : `there is no ${quoted(key)}`;
  const near = nearest(key, KEY_NAMES);
  throw usageError(reason, near === undefined ? undefined : `${near}=`);
}

function usageError(reason: string, near?: string): CodedError {
  return codedError("usage-wrong", { command: "vme", reason, nearest: near });
}
