import type { Alert } from "../../model/alert.ts";
import { ALERT_COLUMNS, alertDetails, alertRows } from "../alerts/alert-table.ts";
import { rehearse } from "../alerts/rehearse.ts";
import { resolveId } from "../alerts/short-id.ts";
import { addSilence, endSilence, listSilences } from "../alerts/silences.ts";
import { testChannels } from "../alerts/test-channels.ts";
import type { Command } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";
import { printTable } from "../render/print-table.ts";
import { usageError } from "../usage-error.ts";

const COMMAND = "muster alerts";

export const alertsCommand: Command = {
  name: "alerts",
  group: "health",
  summary: "show what a person must see",
  details: [
    'Exits with 0 also when there are some: whether the services are well is told by the exit code of "muster status".',
    "An id may be given by its last six characters, as the table shows it.",
    "A pattern is compared with the subject and the fingerprint of an alert; * stands for any characters.",
    "--test exits with 1 when a channel failed or there is none.",
  ].join("\n"),
  arguments: [
    { name: "id", required: false, many: true, completion: "none", about: "all that is known of these alerts" },
  ],
  options: [
    { long: "all", short: "a", about: "also those that are resolved" },
    { long: "silence", value: "pattern", about: "send no notices of what matches, for a while" },
    { long: "for", value: "duration", about: "how long to silence: 30m, 2h, 1d" },
    { long: "comment", value: "text", about: "why, for others to read" },
    { long: "silences", about: "show the silences that are in force" },
    { long: "unsilence", value: "id", about: "end a silence before its time" },
    { long: "test", about: "send a test notice through every channel and show what came of it" },
    {
      long: "rehearse",
      value: "path",
      about: 'show what would have been sent for events recorded with "muster events --json --since 12h"',
    },
    { long: "file", short: "f", value: "path", about: "the configuration to rehearse; usually muster.toml here" },
  ],
  examples: [
    { line: "muster alerts", about: "what is open, the newest last" },
    {
      line: "muster alerts --silence 'web*' --for 2h --comment 'moving the racks'",
      about: "quiet while somebody works",
    },
    { line: "muster alerts --test", about: "does mail arrive?" },
    { line: "muster alerts --rehearse night.jsonl --file new.toml", about: "a recorded night under other rules" },
  ],
  execute,
};

/** What each thing to do takes beside itself. */
const MODES: Readonly<Record<string, readonly string[]>> = {
  silence: ["for", "comment"],
  silences: [],
  unsilence: [],
  test: [],
  rehearse: ["file"],
};
const LIST_OPTIONS = ["all"];

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  switch (modeOf(input)) {
    case "silence":
      return await addSilence(context, input);
    case "silences":
      return await listSilences(context);
    case "unsilence":
      return await endSilence(context, input);
    case "test":
      return await testChannels(context);
    case "rehearse":
      return await rehearse(context, input);
    default:
      return await list(context, input);
  }
}

/** Which thing to do was asked for; undefined: the list. Throws for what does not go together. */
function modeOf(input: CommandInput): string | undefined {
  const [mode, second] = Object.keys(MODES).filter((candidate) => input.has(candidate));
  if (second !== undefined) throw usageError(COMMAND, `"--${mode}" and "--${second}" exclude each other`);
  const fitting = mode === undefined ? LIST_OPTIONS : (MODES[mode] ?? []);
  const extras = [...LIST_OPTIONS, ...Object.values(MODES).flat()].filter((option) => !fitting.includes(option));
  const extra = extras.find((option) => input.has(option));
  if (extra !== undefined) {
    const owner = Object.keys(MODES).find((candidate) => MODES[candidate]?.includes(extra));
    throw usageError(
      COMMAND,
      owner === undefined ? `"--${extra}" is of no use with "--${mode}"` : `"--${extra}" goes with "--${owner}"`,
    );
  }
  if (mode !== undefined && input.words.length > 0) {
    throw usageError(COMMAND, `"--${mode}" takes no <id>: "${input.word(0)}" is one word too many`);
  }
  return mode;
}

async function list(context: CommandContext, input: CommandInput): Promise<number> {
  const client = await context.client();
  const named = input.words.length > 0;
  const alerts = await client.alerts({ all: input.has("all") || named });
  const chosen = named ? input.words.map((word) => find(alerts, word)) : alerts;
  if (context.json) printJson(context, chosen);
  else if (named) context.stdout.write(chosen.map((alert) => alertDetails(alert, context.nowMs())).join("\n"));
  else if (chosen.length === 0) context.stdout.write("no alerts\n");
  else await printTable(context, ALERT_COLUMNS, alertRows(chosen, context.nowMs()));
  return EXIT.well;
}

function find(alerts: readonly Alert[], word: string): Alert {
  const id = resolveId(
    COMMAND,
    word,
    alerts.map((alert) => alert.id),
  );
  const found = alerts.find((alert) => alert.id === id);
  if (found === undefined) throw usageError(COMMAND, `there is no alert "${word}"`);
  return found;
}
