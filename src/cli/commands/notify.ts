import { readSaying, type SayingNames, TAKEN_WORDS } from "../../model/notification-rules.ts";
import type { Saying, SayingId } from "../../model/saying.ts";
import { SEVERITIES } from "../../model/severity.ts";
import type { Command } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";
import { usageError } from "../usage-error.ts";

/** What the command calls the ids. */
const WORDS = {
  started: "started_ok",
  failed: "start_failed",
  maintenance: "maintenance",
  log: "log",
  alert: "alert",
} as const satisfies Record<string, SayingId>;
const WORD_NAMES = Object.keys(WORDS) as (keyof typeof WORDS)[];

const NAMES: SayingNames = {
  id: "<word>",
  message: "a message",
  severity: "--severity",
  progress: "--progress",
  counterName: "the name of --counter",
  counterValue: "the value of --counter",
  counter: "--counter",
  said: (id) => `"notify ${WORD_NAMES.find((word) => WORDS[word] === id) ?? id}"`,
};

export const notifyCommand: Command = {
  name: "notify",
  group: "from a service",
  summary: "say something to the supervisor, from inside a service",
  details: [
    "started: it is ready. failed: its start failed; the message says why.",
    "maintenance: it needs more time before it is ready; say it again every 30 s, after 60 s of silence it counts as hung.",
    "log: a line for the journal, which takes warn and above. alert: a person must see this; a counter is kept and shown.",
    "Returns when the word is on file, whether a daemon runs or not.",
  ].join("\n"),
  arguments: [
    { name: "word", required: true, completion: WORD_NAMES, about: WORD_NAMES.join(", ") },
    { name: "message", required: false, completion: "none", about: "what to say of it" },
  ],
  options: [
    {
      long: "severity",
      value: "severity",
      choices: SEVERITIES,
      about: "of a log, info unless given, or of an alert, error unless given",
    },
    { long: "progress", value: "percent", about: "of a maintenance: 1 to 100" },
    { long: "counter", value: "name=value", about: "of an alert: a number to keep; the message may then be left out" },
  ],
  examples: [
    { line: "muster notify started", about: "this service is ready" },
    { line: "muster notify failed 'the database is damaged'", about: "it will not be" },
    { line: "muster notify maintenance --progress 40 'repairing tables'", about: "it takes longer" },
    { line: "muster notify log --severity warn 'the cache is cold'", about: "a line for the journal" },
    { line: "muster notify alert --counter queue=1200 'the queue grows'", about: "for a person, with a counter" },
  ],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const saying = readInput(input);
  await context.say(saying);
  if (context.json) printJson(context, { said: saying });
  return EXIT.well;
}

function readInput(input: CommandInput): Saying {
  if (input.word(0) === "failed" && input.words.length < 2) {
    throw usageError("muster notify", '"notify failed" needs a message: why it failed');
  }
  const id = WORDS[input.word(0) as keyof typeof WORDS];
  const [name, value] = readCounter(input.text("counter"));
  if (name !== null && !TAKEN_WORDS[id].includes("counterName")) {
    throw usageError("muster notify", `${NAMES.said(id)} does not take --counter`);
  }
  const { saying, refused } = readSaying(
    {
      id,
      severity: input.text("severity"),
      progress: input.text("progress"),
      counterName: name,
      counterValue: value,
      message: input.words[1] ?? null,
    },
    NAMES,
  );
  const [mistake] = refused;
  if (mistake === undefined && saying !== null) return saying;
  throw usageError("muster notify", mistake?.reason ?? "nothing is said", mistake?.nearest);
}

function readCounter(text: string | null): readonly [string | null, string | null] {
  if (text === null) return [null, null];
  const equals = text.indexOf("=");
  if (equals === -1) throw usageError("muster notify", `"--counter" takes name=value, not "${text}"`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}
