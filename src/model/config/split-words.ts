import { err, ok, type Result } from "../../base/result.ts";

/**
 * Splits a command line into words with the quotes and backslashes of a POSIX shell, and nothing else of it: no
 * variables, patterns or operators. The error is a sentence's second half.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02
 */
export function splitWords(text: string): Result<string[], string> {
  const words: string[] = [];
  const piece = /(\s+)|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/gsy;
  let word: string | undefined;
  while (piece.lastIndex < text.length) {
    const start = piece.lastIndex;
    const match = piece.exec(text);
    if (!match) return err(unbalanced(text, start));
    const [, space, single, double, escaped, plain] = match;
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + (single ?? unescapeDouble(double) ?? continued(escaped) ?? plain ?? "");
    }
  }
  if (word !== undefined) words.push(word);
  return ok(words);
}

/** Inside double quotes a backslash only means something before these; before a line's end it joins the lines. */
function unescapeDouble(text: string | undefined): string | undefined {
  return text?.replaceAll(/\\([$`"\\\n])/g, (_, sign: string) => continued(sign) ?? "");
}

function continued(sign: string | undefined): string | undefined {
  return sign === "\n" ? "" : sign;
}

function unbalanced(text: string, at: number): string {
  const sign = text.charAt(at);
  if (sign === "\\") return `"${text}" ends with a backslash; write it twice, or write the command as a list`;
  return `"${text}" has a quote (${sign}) that is not closed; close it, or write the command as a list`;
}
