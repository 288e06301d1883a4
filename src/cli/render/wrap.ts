/**
 * Breaks `text` at its spaces so that no line is longer than `columns`, unless a single word is. Lines that are there
 * stay apart.
 * @param columns Infinity: as it is
 * @param hanging how far the lines after a break are indented; counts as part of them
 */
export function wrapText(text: string, columns: number, hanging = 0): string {
  return text
    .split("\n")
    .map((line) => (line.length <= columns ? line : wrapLine(line, columns, hanging)))
    .join("\n");
}

function wrapLine(line: string, columns: number, hanging: number): string {
  const words = line.trimStart();
  const lines: string[] = [];
  let current = line.slice(0, line.length - words.length);
  for (const [ordinal, word] of words.split(" ").entries()) {
    if (ordinal === 0) current += word;
    else if (current.length + 1 + word.length <= columns) current += ` ${word}`;
    else {
      lines.push(current.trimEnd());
      current = " ".repeat(hanging) + word;
    }
  }
  return [...lines, current].join("\n");
}
