/** Writes the reference pages that are made from the source: `npm run reference`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { referencePages } from "./reference/pages.ts";

for (const { path, text } of referencePages()) {
  const target = join(import.meta.dir, "..", path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  console.log(path);
}
