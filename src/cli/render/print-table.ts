import type { CommandContext } from "../context.ts";
import { painter } from "./colour.ts";
import { type Cell, type Column, renderTable } from "./table.ts";
import { measureFor } from "./width.ts";

/** Writes a table as wide as the terminal lets it be. */
export async function printTable(
  context: CommandContext,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  const measure = await measureFor(rows.flatMap((row) => row.map((cell) => cell.text)));
  const style = { columns: context.stdout.columns, paint: painter(context.colour), measure };
  context.stdout.write(renderTable(columns, rows, style));
}
