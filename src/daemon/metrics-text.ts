/** One number with what tells it from the others of its family. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Numbers that mean the same thing of different things. */
export interface MetricFamily {
  /** of a counter without `_total`; ends with its unit */
  readonly name: string;
  /** the kinds that also the older text format knows */
  readonly type: "gauge" | "counter";
  readonly unit?: "seconds" | "bytes" | "ratio";
  /** a sentence */
  readonly help: string;
  /** each with labels of its own */
  readonly samples: readonly Sample[];
}

/**
 * The OpenMetrics 1.0 text of these families, in their order. A family without samples is left out; a value that is no
 * finite number is, too.
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function openMetricsText(families: readonly MetricFamily[]): string {
  const pieces: string[] = [];
  for (const family of families) writeFamily(family, pieces);
  pieces.push("# EOF\n");
  return pieces.join("");
}

function writeFamily({ name, type, unit, help, samples }: MetricFamily, pieces: string[]): void {
  const known = samples.filter(({ value }) => Number.isFinite(value));
  if (known.length === 0) return;
  pieces.push(`# TYPE ${name} ${type}\n`);
  if (unit !== undefined) pieces.push(`# UNIT ${name} ${unit}\n`);
  pieces.push(`# HELP ${name} ${escapeText(help)}\n`);
  const sampleName = type === "counter" ? `${name}_total` : name;
  for (const { labels, value } of known) pieces.push(`${sampleName}${labelText(labels)} ${value}\n`);
}

function labelText(labels: Sample["labels"]): string {
  let text = "";
  for (const name in labels) text += `${text === "" ? "" : ","}${name}="${escapeText(labels[name] ?? "")}"`;
  return text === "" ? "" : `{${text}}`;
}

const TO_ESCAPE = /[\\"\n]/;

function escapeText(text: string): string {
  if (!TO_ESCAPE.test(text)) return text;
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
