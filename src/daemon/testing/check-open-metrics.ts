/**
 * What is wrong with a text by the rules of OpenMetrics 1.0, a line each: its grammar for the two types that are used
 * here, and the rules beside the grammar. A text without faults is accepted by every reader of the format.
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/#abnf
 */
export function openMetricsFaults(text: string): string[] {
  const faults: string[] = [];
  if (!text.endsWith("\n# EOF\n") && text !== "# EOF\n") faults.push("it does not end with # EOF");
  const lines = text.split("\n").slice(0, -1);
  const check = new Check(faults);
  for (const [index, line] of lines.entries()) {
    if (line === "# EOF" && index === lines.length - 1) continue;
    check.line(line);
  }
  return faults;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL_NAME = "[a-zA-Z_][a-zA-Z0-9_]*";
const ESCAPED = String.raw`(?:[^\n"\\]|\\\\|\\"|\\n)*`;
const REAL = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?`;
const DESCRIPTOR = new RegExp(`^# (TYPE|UNIT|HELP) (${NAME}) (.*)$`, "s");
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (${REAL}|NaN|[+-]?Inf)$`, "s");
const LABELS = new RegExp(`^(?:${LABEL_NAME}="${ESCAPED}"(?:,(?=.))?)*$`, "s");
const LABEL = new RegExp(`(${LABEL_NAME})="(${ESCAPED})"`, "g");

interface Family {
  readonly name: string;
  readonly seen: Map<string, string>;
  samples: number;
}

class Check {
  private readonly faults: string[];
  private readonly names = new Set<string>();
  private readonly series = new Set<string>();
  private family: Family | undefined;

  constructor(faults: string[]) {
    this.faults = faults;
  }

  line(line: string): void {
    const descriptor = DESCRIPTOR.exec(line);
    const sample = SAMPLE.exec(line);
    if (descriptor !== null) this.descriptor(descriptor[1] ?? "", descriptor[2] ?? "", descriptor[3] ?? "");
    else if (sample !== null) this.sample(sample[1] ?? "", sample[2], sample[3] ?? "");
    else this.faults.push(`no rule takes this line: ${line}`);
  }

  private descriptor(keyword: string, name: string, value: string): void {
    if (this.family?.name !== name) {
      if (this.names.has(name)) this.faults.push(`the family ${name} is not in one piece`);
      this.names.add(name);
      this.family = { name, seen: new Map(), samples: 0 };
    }
    const { family } = this;
    if (family.samples > 0) this.faults.push(`${keyword} of ${name} comes after its samples`);
    if (family.seen.has(keyword)) this.faults.push(`${keyword} of ${name} is there twice`);
    family.seen.set(keyword, value);
    if (keyword === "TYPE" && value !== "gauge" && value !== "counter") this.faults.push(`type ${value} of ${name}`);
    if (keyword === "UNIT" && !name.endsWith(`_${value}`)) this.faults.push(`${name} does not end with ${value}`);
    if (keyword === "HELP" && !new RegExp(`^${ESCAPED}$`).test(value)) this.faults.push(`help of ${name}: ${value}`);
  }

  private sample(name: string, labels: string | undefined, value: string): void {
    const { family } = this;
    const isCounter = family?.seen.get("TYPE") === "counter";
    if (family === undefined || name !== family.name + (isCounter ? "_total" : "")) {
      this.faults.push(`${name} is no sample of the family before it`);
      return;
    }
    family.samples++;
    if (isCounter && !(Number(value) >= 0)) this.faults.push(`the counter ${name} is ${value}`);
    if (labels !== undefined && !LABELS.test(labels)) this.faults.push(`labels of ${name}: ${labels}`);
    const pairs = [...(labels ?? "").matchAll(LABEL)].map(([pair]) => pair).sort();
    const labelNames = pairs.map((pair) => pair.slice(0, pair.indexOf("=")));
    if (new Set(labelNames).size !== labelNames.length) this.faults.push(`a label of ${name} is there twice`);
    const series = `${name} ${pairs.join()}`;
    if (this.series.has(series)) this.faults.push(`${series} is there twice`);
    this.series.add(series);
  }
}
