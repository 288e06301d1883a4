import { formatSize } from "../base/size.ts";
import type { LogLine } from "../model/log-line.ts";
import type { CommandContext } from "./context.ts";
import { nameColour, painter } from "./render/colour.ts";
import { timeColumn } from "./render/moment.ts";
import { safeText } from "./render/safe-text.ts";

/** Makes the text of batches of lines; the name column grows with the names that were seen and never shrinks. */
export function logLineRenderer(context: CommandContext, raw: boolean): (lines: readonly LogLine[]) => string {
  const paint = painter(context.colour);
  let nameCells = 0;
  const render = (line: LogLine): string => {
    const time = paint("dim", timeColumn(line.time, context.nowMs(), context.stdout.isTerminal));
    const name = paint(nameColour(line.instance), line.instance.padEnd(nameCells));
    const stream = paint(line.stream === "err" ? "red" : "dim", line.stream);
    if (line.lostBytes !== undefined) {
      return `${time} ${name} ${stream} ${paint("red", `[${formatSize(line.lostBytes)} of output lost here]`)}\n`;
    }
    return `${time} ${name} ${stream} ${safeText(line.text)}${line.cut ? paint("red", " [cut]") : ""}\n`;
  };
  /** Standard output has only what the program wrote; what is missing in it is said beside it. */
  const renderRaw = (line: LogLine): string => {
    if (line.lostBytes !== undefined) {
      context.stderr.write(`${line.instance}: ${formatSize(line.lostBytes)} of output were lost at ${line.time}\n`);
      return "";
    }
    if (line.cut) context.stderr.write(`${line.instance}: a line of ${line.time} is longer than is shown; it is cut\n`);
    return `${line.text}\n`;
  };
  return (lines) => {
    for (const line of lines) nameCells = Math.max(nameCells, line.instance.length);
    return lines.map(raw ? renderRaw : render).join("");
  };
}
