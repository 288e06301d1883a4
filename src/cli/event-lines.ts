import type { JournalEvent } from "../model/event.ts";
import type { Severity } from "../model/severity.ts";
import type { CommandContext } from "./context.ts";
import { type Colour, nameColour, painter } from "./render/colour.ts";
import { timeColumn } from "./render/moment.ts";
import { safeText } from "./render/safe-text.ts";
import { fit, fullMeasure } from "./render/width.ts";

export const SEVERITY_COLOURS: Readonly<Record<Severity, Colour | null>> = {
  debug: "dim",
  info: null,
  warn: "yellow",
  error: "red",
  fatal: "red",
};

/**
 * Makes the text of events: time, severity, subject, kind and message, in columns that grow with what was seen.
 * @param indent of each line, in cells
 */
export async function eventLineRenderer(
  context: CommandContext,
  indent = 0,
): Promise<(events: readonly JournalEvent[]) => string> {
  const paint = painter(context.colour);
  const measure = await fullMeasure();
  const { stdout } = context;
  let subjectCells = 0;
  let kindCells = 0;
  const render = (event: JournalEvent): string => {
    const time = timeColumn(event.time, context.nowMs(), stdout.isTerminal);
    const used = indent + time.length + 1 + 6 + subjectCells + 1 + kindCells + 1;
    const message = safeText(event.message);
    const words = [
      paint("dim", time),
      paint(SEVERITY_COLOURS[event.severity], event.severity.padEnd(5)),
      paint(nameColour(event.subject), safeText(event.subject).padEnd(subjectCells)),
      event.kind.padEnd(kindCells),
      stdout.columns - used >= 20 ? fit(message, stdout.columns - used, measure) : message,
    ];
    return `${" ".repeat(indent)}${words.join(" ")}\n`;
  };
  return (events) => {
    for (const event of events) {
      subjectCells = Math.max(subjectCells, event.subject.length);
      kindCells = Math.max(kindCells, event.kind.length);
    }
    return events.map(render).join("");
  };
}
