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
  const nameCells = Math.max(0, ...touched.map((change) => change.service.length));
  const untouched = plan.changes.length - touched.length;
  const lines = touched.map((change) => changeLine(change, nameCells, paint));
  if (touched.length === 0) lines.push("nothing changes");
  else if (untouched > 0)
    lines.push(paint("dim", `  ${untouched} ${untouched === 1 ? "service stays" : "services stay"} untouched`));
  return `${safeText(plan.path)}\n${lines.map((line) => `${line}\n`).join("")}`;
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
