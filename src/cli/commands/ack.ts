import { resolveId } from "../alerts/short-id.ts";
import type { ClientPort } from "../client-port.ts";
import type { Command } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";
import { safeText } from "../render/safe-text.ts";
import { usageError } from "../usage-error.ts";

const COMMAND = "muster ack";

export const ackCommand: Command = {
  name: "ack",
  group: "health",
  summary: "say that you look after alerts: no more reminders of them",
  details: "An id may be given by its last six characters. When an alert is resolved, that is said all the same.",
  arguments: [{ name: "id", required: false, many: true, completion: "none", about: 'as "muster alerts" shows them' }],
  options: [
    { long: "all", short: "a", about: "every alert that is active" },
    { long: "comment", value: "text", about: "for others to read" },
  ],
  examples: [
    { line: "muster ack 3f9k2a --comment 'disk is ordered'", about: "one alert" },
    { line: "muster ack --all", about: "everything that is active now" },
  ],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const all = input.has("all");
  if (all && input.words.length > 0) throw usageError(COMMAND, '"--all" and an <id> exclude each other');
  if (!all && input.words.length === 0)
    throw usageError(COMMAND, 'it needs an <id>, as "muster alerts" shows it, or "--all"');
  const client = await context.client();
  const ids = all ? "all" : await wholeIds(client, input.words);
  const alerts = await client.acknowledge({ ids, comment: input.text("comment") });
  if (context.json) printJson(context, alerts);
  else if (alerts.length === 0) context.stdout.write("no alert is active\n");
  else {
    const lines = alerts.map((alert) => `acknowledged ${safeText(alert.subject)}: ${safeText(alert.message)}\n`);
    context.stdout.write(lines.join(""));
  }
  return EXIT.well;
}

async function wholeIds(client: ClientPort, words: readonly string[]): Promise<readonly string[]> {
  const open = (await client.alerts({ all: false })).map((alert) => alert.id);
  return [...new Set(words.map((word) => resolveId(COMMAND, word, open)))];
}
