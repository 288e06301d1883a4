import { formatDuration } from "../../base/duration.ts";
import type { ChannelTest } from "../../model/alert.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { printJson } from "../output.ts";
import { printTable } from "../render/print-table.ts";
import { safeText } from "../render/safe-text.ts";
import type { Cell, Column } from "../render/table.ts";

const COLUMNS: readonly Column[] = [
  { title: "CHANNEL", align: "left", dropOrder: null },
  { title: "RESULT", align: "left", dropOrder: null },
  { title: "TOOK", align: "right", dropOrder: 1 },
  { title: "WHY", align: "left", dropOrder: null },
];

/** `muster alerts --test`: fails when a channel failed, and when there is none, as then nobody would be told either. */
export async function testChannels(context: CommandContext): Promise<number> {
  const client = await context.client();
  const tests = await client.testAlerts();
  if (context.json) printJson(context, tests);
  else if (tests.length > 0) await printTable(context, COLUMNS, tests.map(toRow));
  if (tests.length === 0) context.stderr.write("no channel is configured: nobody is told of alerts\n");
  return tests.length > 0 && tests.every((test) => test.ok) ? EXIT.well : EXIT.failed;
}

function toRow(test: ChannelTest): readonly Cell[] {
  return [
    { text: safeText(test.channel), colour: null },
    test.ok ? { text: "ok", colour: "green" } : { text: "failed", colour: "red" },
    { text: formatDuration(test.tookMs), colour: null },
    { text: safeText(test.error ?? ""), colour: null },
  ];
}
