import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** What is not part of the tree; the same as in `.gitignore`. */
const OUTSIDE = ["node_modules", "dist", ".state", ".git"];

/** Every text file of the tree; does not need git, as the tests may run on an unpacked archive. */
export function readTree(root: string, directory = ""): TextFile[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (OUTSIDE.includes(entry.name)) return [];
    if (entry.isDirectory()) return readTree(root, path);
    const text = entry.isFile() ? readFileSync(join(root, path), "utf8") : "\0";
    return text.includes("\0") ? [] : [{ path, text }];
  });
}

/** Put together from pieces, so that this file does not name what it forbids. */
const piece = (...parts: readonly string[]) => parts.join("");

/** Words that no file of the tree may hold, and why. */
export const FORBIDDEN_TEXT: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: new RegExp(`\\b(${piece("TO", "DO")}|${piece("FIX", "ME")}|${piece("X", "XX")})\\b`),
    why: "mark of unfinished work",
  },
  { pattern: new RegExp(piece("@ts-", "(ignore|nocheck)")), why: "the type checker is never silenced" },
  { pattern: new RegExp(piece("registry", "\\.[a-z0-9-]+\\.[a-z]{2,}"), "i"), why: "address of a package registry" },
  { pattern: new RegExp(piece('"res', 'olved":'), "i"), why: "the lock file is written without addresses" },
  {
    pattern: new RegExp(piece("[$]", "bunfs/root")),
    why: 'place inside the executable; new URL("./x-worker.ts", import.meta.url) holds there too',
  },
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
