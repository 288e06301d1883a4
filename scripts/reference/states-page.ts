import { INSTANCE_TABLE } from "../../src/services/machine.ts";
import { MADE_BY } from "./markdown.ts";

/** The rows and columns of the instance machine, as they are in the program. */
export function statesPage(): string {
  const table: Readonly<Record<string, Readonly<Record<string, unknown>>>> = INSTANCE_TABLE;
  const states = Object.keys(table);
  const events = [...new Set(states.flatMap((state) => Object.keys(table[state] ?? {})))].sort();
  const rows = events.map((event) => {
    const cells = states.map((state) => cellSign(table[state]?.[event]));
    return `| \`${event}\` | ${cells.join(" | ")} |`;
  });
  return `# States of an instance

${MADE_BY} From the table in \`src/services/machine.ts\`.

What each state does with each event: **x** acts on it, *no* refuses it (who ordered is told), nothing ignores it, because it
is late or means nothing there. How these states are shown to users is in \`src/services/public-status.ts\`.

| event | ${states.join(" | ")} |
|---|${states.map(() => "---|").join("")}
${rows.join("\n")}
`;
}

function cellSign(cell: unknown): string {
  if (cell === "ignore") return "";
  return cell === "refuse" ? "*no*" : "**x**";
}
