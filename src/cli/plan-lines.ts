import type { ChangeKind, PlanReport, ServiceChange } from "../model/plan.ts";
import type { Colour, Paint } from "./render/colour.ts";
import { safeText } from "./render/safe-text.ts";

const LOOKS: Readonly<Record<ChangeKind, { readonly sign: string; readonly colour: Colour; readonly words: string }>> =
  {
    untouched: { sign: " ", colour: "dim", words: "untouched" },
    live: { sign: "~", colour: "cyan", words: "changed live" },
    reload: { sign: "~", colour: "cyan", words: "reload" },
    restart: { sign: "!", colour: "yellow", words: "restart" },
    new: { sign: "+", colour: "green", words: "new" },
    gone: { sign: "-", colour: "red", words: "gone" },
  };

const KIND_CELLS = Math.max(...Object.values(LOOKS).map((look) => look.words.length));

/** What applying the file does, a line for each service that it touches, then the count of those it leaves alone. */
export function renderPlan(plan: PlanReport, paint: Paint): string {
  const touched = plan.changes.filter((change) => change.kind !== "untouched" || change.instances !== null);
  const sections = Map.groupBy(plan.hostKeys, (key) => `[${key.split(".")[0]}]`);
  const nameCells = Math.max(0, ...[...touched.map((change) => change.service), ...sections.keys()].map(lengthOf));
  const untouched = plan.changes.length - touched.length;
  const lines = touched.map((change) => changeLine(change, nameCells, paint));
  lines.push(...[...sections].map(([section, keys]) => sectionLine(section, keys, nameCells, paint)));
  if (lines.length === 0) lines.push("nothing changes");
  else if (untouched > 0)
    lines.push(paint("dim", `  ${untouched} ${untouched === 1 ? "service stays" : "services stay"} untouched`));
  return `${safeText(plan.path)}\n${lines.map((line) => `${line}\n`).join("")}`;
}

/** `[alerts]` or `[daemon]`: a change there touches no service. */
function sectionLine(section: string, keys: readonly string[], nameCells: number, paint: Paint): string {
  const look = LOOKS.live;
  const start = `${look.sign} ${safeText(section).padEnd(nameCells)}`;
  const names = keys.map(safeText).join(", ");
  return `${paint(look.colour, `${start}  ${look.words.padEnd(KIND_CELLS)}`)}  ${names}; touches no service`;
}

function lengthOf(text: string): number {
  return text.length;
}

function changeLine(change: ServiceChange, nameCells: number, paint: Paint): string {
  const look = LOOKS[change.kind];
  const details = [
    ...(change.instances === null ? [] : [`instances ${change.instances.from} -> ${change.instances.to}`]),
    ...(change.keys.length === 0 ? [] : [change.keys.map(safeText).join(", ")]),
  ];
  const start = `${look.sign} ${change.service.padEnd(nameCells)}`;
  return `${paint(look.colour, `${start}  ${look.words.padEnd(KIND_CELLS)}`)}  ${details.join("; ")}`.trimEnd();
}
