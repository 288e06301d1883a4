import { err, ok, type Result } from "../base/result.ts";

/** A line that cannot be used. `reason` is the second half of a sentence. */
export interface EnvironmentFileMistake {
  readonly line: number;
  readonly reason: string;
}

const DOUBLE_QUOTE_ESCAPES: Readonly<Record<string, string>> = { n: "\n", '"': '"', "\\": "\\", $: "$", "`": "`" };

/**
 * Reads `KEY=value` lines. Empty lines and lines that begin with `#` or `;` are passed over, `export ` before a key too.
 * A plain value is the rest of the line without blanks around it. In 'single quotes' all is literal; in "double quotes"
 * `\n`, `\"`, `\\`, `\$` and the escaped backtick are read; both may go over several lines. Nothing is replaced in values. The
 * last of equal keys holds. Pure.
 */
export function parseEnvironmentFile(text: string): Result<ReadonlyMap<string, string>, EnvironmentFileMistake[]> {
  const values = new Map<string, string>();
  const mistakes: EnvironmentFileMistake[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (let at = 0; at < lines.length; ) {
    const first = at + 1;
    const line = lines[at] ?? "";
    at++;
    if (/^\s*([#;]|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=\s*(.*)$/s.exec(line);
    if (!match) {
      mistakes.push({ line: first, reason: 'it is not "KEY=value"' });
      continue;
    }
    const [, key = "", rest = ""] = match;
    const quote = rest.charAt(0);
    if (quote !== "'" && quote !== '"') {
      keep(values, mistakes, first, key, rest.trimEnd());
      continue;
    }
    const quoted = readQuoted(lines, at, rest);
    at = quoted.next;
    if (quoted.value === undefined) mistakes.push({ line: first, reason: quoted.reason ?? "" });
    else keep(values, mistakes, first, key, quoted.value);
  }
  return mistakes.length === 0 ? ok(values) : err(mistakes);
}

function keep(
  values: Map<string, string>,
  mistakes: EnvironmentFileMistake[],
  line: number,
  key: string,
  value: string,
): void {
  if (value.includes("\0")) mistakes.push({ line, reason: "it holds a NUL, which no program can be given" });
  else values.set(key, value);
}

/**
 * Reads a value whose first line is `rest`, quote included, and whose further lines begin at index `next`.
 * @returns what is wrong, or the value; and the index of the line after it
 */
function readQuoted(
  lines: readonly string[],
  next: number,
  rest: string,
): { readonly value?: string; readonly reason?: string; readonly next: number } {
  const quote = rest.charAt(0);
  const parts: string[] = [];
  let line: string | undefined = rest.slice(1);
  for (let after = next; line !== undefined; line = lines[after++]) {
    const close = closingQuote(line, quote);
    if (close < 0) {
      parts.push(line);
      continue;
    }
    parts.push(line.slice(0, close));
    if (!/^\s*(#.*)?$/.test(line.slice(close + 1)))
      return { reason: "something follows the closing quote", next: after };
    const inner = parts.join("\n");
    return { value: quote === "'" ? inner : unescapeDouble(inner), next: after };
  }
  return { reason: `its ${quote} is never closed`, next: lines.length };
}

function closingQuote(line: string, quote: string): number {
  for (let at = 0; at < line.length; at++) {
    if (line[at] === quote) return at;
    if (line[at] === "\\" && quote === '"') at++;
  }
  return -1;
}

function unescapeDouble(text: string): string {
  return text.replace(/\\(.)/gs, (whole, character: string) => DOUBLE_QUOTE_ESCAPES[character] ?? whole);
}
