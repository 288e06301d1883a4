import type { Colour, Paint } from "./colour.ts";
import { fit, type Measure } from "./width.ts";

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  /** on a narrow terminal the columns with the highest number go first; null: stays */
  readonly dropOrder: number | null;
}

export interface Cell {
  readonly text: string;
  readonly colour: Colour | null;
  /** makes the text for less room than it takes; absent: its end is cut */
  readonly shorten?: (cells: number) => string;
}

export interface TableStyle {
  /** cells of the terminal; Infinity: nothing is cut */
  readonly columns: number;
  readonly paint: Paint;
  readonly measure: Measure;
}

const GAP = "  ";
/** The last column holds words and is cut with an ellipsis; below this much room, other columns make way. */
const LAST_COLUMN_CELLS = 24;
/** The same where one of its cells can be made shorter in a sensible way: it has more to say. */
const LAST_COLUMN_CELLS_WIDE = 42;

/** A table without borders: a head, then the rows, each ended by a newline. Columns in which no row says anything are left out. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], style: TableStyle): string {
  const widths = columns.map((column, index) =>
    rows.every((row) => (row[index]?.text ?? "") === "")
      ? 0
      : Math.max(column.title.length, ...rows.map((row) => style.measure(row[index]?.text ?? ""))),
  );
  const isRich = rows.some((row) => row[columns.length - 1]?.shorten !== undefined);
  const lastCells = isRich ? LAST_COLUMN_CELLS_WIDE : LAST_COLUMN_CELLS;
  const shown = shownColumns(columns, widths, style.columns, lastCells);
  const head = columns.map((column): Cell => ({ text: column.title, colour: "dim" }));
  return [head, ...rows].map((row) => `${renderRow(columns, row, widths, shown, style)}\n`).join("");
}

function shownColumns(
  columns: readonly Column[],
  widths: readonly number[],
  available: number,
  lastCells: number,
): readonly number[] {
  let shown = columns.map((_, index) => index).filter((index) => widths[index] !== 0);
  const last = columns.length - 1;
  const needed = () =>
    shown.reduce((sum, index) => {
      const width = widths[index] ?? 0;
      return sum + (index === last ? Math.min(width, lastCells) : width) + GAP.length;
    }, -GAP.length);
  while (needed() > available) {
    const droppable = shown.filter((index) => columns[index]?.dropOrder !== null);
    if (droppable.length === 0) break;
    const next = droppable.reduce((a, b) => ((columns[b]?.dropOrder ?? 0) > (columns[a]?.dropOrder ?? 0) ? b : a));
    shown = shown.filter((index) => index !== next);
  }
  return shown;
}

function renderRow(
  columns: readonly Column[],
  row: readonly Cell[],
  widths: readonly number[],
  shown: readonly number[],
  style: TableStyle,
): string {
  let left = style.columns;
  const parts: string[] = [];
  for (const [position, index] of shown.entries()) {
    const cell: Cell = row[index] ?? { text: "", colour: null };
    const isEnd = position === shown.length - 1;
    const width = Math.min(widths[index] ?? 0, Math.max(0, left));
    const room = isEnd ? left : width;
    const tooWide = cell.shorten !== undefined && style.measure(cell.text) > room;
    const text = fit(tooWide ? cell.shorten(room) : cell.text, room, style.measure);
    const side = columns[index]?.align ?? "left";
    const spaces = " ".repeat(Math.max(0, width - style.measure(text)));
    const painted = style.paint(cell.colour, text);
    parts.push(side === "right" ? spaces + painted : painted + (isEnd ? "" : spaces));
    left -= width + GAP.length;
  }
  return parts.join(GAP).trimEnd();
}
