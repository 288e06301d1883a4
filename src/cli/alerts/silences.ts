import { parseDuration } from "../../base/duration.ts";
import type { Silence } from "../../model/alert.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { printJson } from "../output.ts";
import { until } from "../render/moment.ts";
import { printTable } from "../render/print-table.ts";
import { safeText } from "../render/safe-text.ts";
import type { Column } from "../render/table.ts";
import { usageError } from "../usage-error.ts";
import { resolveId, shortId } from "./short-id.ts";

const COMMAND = "muster alerts";
const SHORTEST_MS = 1_000;
const LONGEST_MS = 366 * 86_400_000;

const COLUMNS: readonly Column[] = [
  { title: "ID", align: "left", dropOrder: null },
  { title: "PATTERN", align: "left", dropOrder: null },
  { title: "ENDS", align: "right", dropOrder: 1 },
  { title: "BY", align: "left", dropOrder: 2 },
  { title: "COMMENT", align: "left", dropOrder: null },
];

/** `muster alerts --silence PATTERN --for 2h` */
export async function addSilence(context: CommandContext, input: CommandInput): Promise<number> {
  const forMs = readDuration(input.text("for"));
  const client = await context.client();
  const pattern = input.text("silence") ?? "";
  const silence = await client.silence({ pattern, forMs, comment: input.text("comment") });
  if (context.json) printJson(context, silence);
  else {
    const words = `no notices of "${safeText(silence.pattern)}" until ${silence.until}`;
    context.stdout.write(`${words}; "muster alerts --unsilence ${shortId(silence.id)}" ends that\n`);
  }
  return EXIT.well;
}

/** `muster alerts --silences` */
export async function listSilences(context: CommandContext): Promise<number> {
  const client = await context.client();
  const silences = await client.silences();
  if (context.json) printJson(context, silences);
  else if (silences.length === 0) context.stdout.write("no silences\n");
  else
    await printTable(
      context,
      COLUMNS,
      silences.map((silence) => toRow(silence, context.nowMs())),
    );
  return EXIT.well;
}

/** `muster alerts --unsilence ID` */
export async function endSilence(context: CommandContext, input: CommandInput): Promise<number> {
  const client = await context.client();
  const known = (await client.silences()).map((silence) => silence.id);
  const ended = await client.unsilence(resolveId(COMMAND, input.text("unsilence") ?? "", known));
  if (context.json) printJson(context, ended);
  else context.stdout.write(`"${safeText(ended.pattern)}" is not silenced any more\n`);
  return EXIT.well;
}

function toRow(silence: Silence, nowMs: number) {
  const texts = [
    shortId(silence.id),
    safeText(silence.pattern),
    until(silence.until, nowMs),
    safeText(silence.by),
    safeText(silence.comment ?? ""),
  ];
  return texts.map((text) => ({ text, colour: null }));
}

function readDuration(text: string | null): number {
  if (text === null) throw usageError(COMMAND, '"--silence" needs "--for", as in --for 2h');
  const duration = parseDuration(text);
  if (!duration.ok) throw usageError(COMMAND, `"--for": ${duration.error}`);
  if (duration.value < SHORTEST_MS || duration.value > LONGEST_MS) {
    throw usageError(COMMAND, `"--for" takes 1s to 366d, not "${text}"`);
  }
  return duration.value;
}
