/** One table of results. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** how it was measured */
  readonly notes: readonly string[];
}

export function toMarkdown({ title, columns, rows, notes }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = columns.map((_, index) => (index === 0 ? "---" : "---:"));
  return [`### ${title}`, "", line(columns), line(rule), ...rows.map(line), "", ...notes, ""].join("\n");
}
