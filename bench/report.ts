/** One table of results. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** how it was measured */
  readonly notes: readonly string[];
}

/** What the measured figure was to be. */
export interface Aim {
  readonly aim: string;
  readonly measured: string;
  readonly met: boolean;
}

/** What one part of the benchmark found. */
export interface Findings {
  readonly tables: readonly Table[];
  readonly aims: readonly Aim[];
}

export function aimsTable(aims: readonly Aim[]): Table {
  const rows = aims.map(({ aim, measured, met }) => [aim, measured, met ? "yes" : "**no**"]);
  return { title: "Aims", columns: ["aim", "measured", "met"], rows, notes: [] };
}

export function toMarkdown({ title, columns, rows, notes }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = columns.map((_, index) => (index === 0 ? "---" : "---:"));
  return [`### ${title}`, "", line(columns), line(rule), ...rows.map(line), "", ...notes, ""].join("\n");
}
