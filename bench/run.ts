/**
 * Measures Muster beside a floor on the same runtime and, where they are installed, supervisord and PM2:
 * `npm run bench [-- [boot] [crash] [footprint] [status] [logs] [words] [--write]]`. Without a name: all parts.
 *
 * `--write` puts the results into docs/performance.md, between its two marks. PM2 is taken from BENCH_PM2 or PATH.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { describeMachine } from "./machine.ts";
import { boot } from "./parts/boot.ts";
import { crashes } from "./parts/crash.ts";
import { footprint } from "./parts/footprint.ts";
import { logs } from "./parts/logs.ts";
import type { Part } from "./parts/part.ts";
import { status } from "./parts/status.ts";
import { words } from "./parts/words.ts";
import { type Aim, aimsTable, toMarkdown } from "./report.ts";
import { Workshop } from "./workshop.ts";
import { writeResults } from "./write-results.ts";

const PARTS: readonly Part[] = [boot, crashes, status, logs, words, footprint];

function chosenParts(names: readonly string[]): readonly Part[] {
  const unknown = names.find((name) => !PARTS.some((part) => part.name === name));
  if (unknown !== undefined) {
    throw new Error(
      `cannot measure "${unknown}": it is not a part; there are ${PARTS.map(({ name }) => name).join(", ")}`,
    );
  }
  return names.length === 0 ? PARTS : PARTS.filter((part) => names.includes(part.name));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { write: { type: "boolean" } }, allowPositionals: true });
  const parts = chosenParts(positionals);
  const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
  const [load = 0] = loadavg();
  say("building");
  using workshop = new Workshop();
  const sections: string[] = [];
  const aims: Aim[] = [];
  for (const part of parts) {
    const findings = await part.measure(workshop, (text) => say(`${part.name}: ${text}`));
    aims.push(...findings.aims);
    sections.push(...findings.tables.map(toMarkdown));
  }
  const text = [describeMachine(workshop, load), toMarkdown(aimsTable(aims)), ...sections].join("\n");
  console.log(text);
  if (values.write) writeResults(text);
}

await main();
