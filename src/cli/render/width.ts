/** Width of a text in cells of a terminal. */
export type Measure = (text: string) => number;

const PLAIN = /^[\x20-\x7e]*$/;

/** Loads the tables of wide characters only if one of `texts` needs them: they cost as much as all the rest of a start. */
export async function measureFor(texts: Iterable<string>): Promise<Measure> {
  for (const text of texts) if (!PLAIN.test(text)) return await fullMeasure();
  return (text) => text.length;
}

export async function fullMeasure(): Promise<Measure> {
  const { default: stringWidth } = await import("string-width");
  return (text) => (PLAIN.test(text) ? text.length : stringWidth(text));
}

/** Cuts a text to `columns` cells; what was cut shows as an ellipsis. */
export function fit(text: string, columns: number, measure: Measure): string {
  if (measure(text) <= columns) return text;
  if (columns <= 0) return "";
  const characters = Array.from(text.slice(0, columns * 4));
  while (characters.length > 0 && measure(characters.join("")) > columns - 1) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}
