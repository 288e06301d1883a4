import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** Every text file of the tree that is in git or would be: what `git add --all` would take. */
export async function readTree(root: string): Promise<TextFile[]> {
  const list = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const child = Bun.spawn(list, { cwd: root, stdout: "pipe", stderr: "ignore" });
  const names = (await child.stdout.text()).split("\0").filter((name) => name !== "" && existsSync(join(root, name)));
  return names
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))
    .filter(({ text }) => !text.includes("\0"));
}

/** Put together from pieces, so that this file does not name what it forbids. */
const piece = (...parts: readonly string[]) => parts.join("");

/** Words that no file of the tree may hold, and why. */
export const FORBIDDEN_TEXT: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: new RegExp(`\\b(${piece("TO", "DO")}|${piece("FIX", "ME")}|${piece("X", "XX")})\\b`),
    why: "mark of unfinished work",
  },
  { pattern: new RegExp(piece("@ts-", "(ignore|nocheck|expect-error)")), why: "the type checker is never silenced" },
  { pattern: new RegExp(piece("registry", "\\.[a-z0-9-]+\\.[a-z]{2,}"), "i"), why: "address of a package registry" },
  { pattern: new RegExp(piece('"res', 'olved":'), "i"), why: "the lock file is written without addresses" },
  { pattern: new RegExp(piece("deb", "\\.debian\\.org")), why: "address of a package mirror" },
  { pattern: new RegExp(piece("(^|[\\s\"'`(=])/", "(work|root)/")), why: "path of one machine" },
];

/** Every line that holds a forbidden text. */
export function forbiddenText(files: readonly TextFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => {
      const hit = FORBIDDEN_TEXT.find(({ pattern }) => pattern.test(line));
      return hit === undefined ? [] : [`${path}:${index + 1}: ${hit.why}: ${line.trim().slice(0, 100)}`];
    }),
  );
}
