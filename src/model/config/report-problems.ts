import { Positions } from "./positions.ts";
import { formatPath, type Problem } from "./problem.ts";

/**
 * The lines `file:line:column: services.api.stop.wait: what is wrong`, sorted by file (in the order they were read) and place.
 * @param texts the files by path, in the order they were read
 */
export function reportProblems(problems: readonly Problem[], texts: ReadonlyMap<string, string>): readonly string[] {
  const order = [...texts.keys()];
  const positions = new Map<string, Positions>();
  const located = problems.map((problem) => {
    const known = positions.get(problem.file) ?? new Positions(problem.place ? "" : (texts.get(problem.file) ?? ""));
    if (problem.place === undefined) positions.set(problem.file, known);
    return { problem, place: problem.place ?? known.placeOf(problem) };
  });
  located.sort(
    (a, b) =>
      order.indexOf(a.problem.file) - order.indexOf(b.problem.file) ||
      a.place.line - b.place.line ||
      a.place.column - b.place.column,
  );
  const lines = located.map(({ problem, place }) => {
    const subject = problem.path.length === 0 ? "" : `${formatPath(problem.path)}: `;
    return `${problem.file}:${place.line}:${place.column}: ${subject}${oneLine(problem.message)}`;
  });
  return [...new Set(lines)];
}

/** Values stand in messages as they were written: signs that would move a terminal are shown by their number, long ones cut. */
function oneLine(message: string): string {
  const cut = message.length > 500 ? `${message.slice(0, 200)} … ${message.slice(-200)}` : message;
  return cut.replaceAll(/\p{Cc}/gu, (sign) => (sign === "\n" ? "\\n" : `\\u${hexadecimal(sign)}`));
}

function hexadecimal(sign: string): string {
  return sign.charCodeAt(0).toString(16).padStart(4, "0");
}
