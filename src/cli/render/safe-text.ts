/**
 * Controls of C0 and C1 apart from the tab, and the marks that turn the direction of writing or end lines: what a
 * program wrote must not move our cursor, change our title or make a line read as another.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the purpose
const UNSAFE = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** One line of foreign text as a terminal may show it: what is unsafe becomes `\x1b` or `\u202e`. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    return code > 0xff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\x${code.toString(16).padStart(2, "0")}`;
  });
}

/** The same for a text that may have several lines, such as an error's message. */
export function safeLines(text: string): string {
  return text.split("\n").map(safeText).join("\n");
}
