/** Writes the reference pages that are made from the source: `npm run reference`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { referencePages } from "./reference/pages.ts";

const directory = join(import.meta.dir, "../docs/reference");
mkdirSync(directory, { recursive: true });
for (const [name, text] of await referencePages()) {
  writeFileSync(join(directory, name), text);
  console.log(`docs/reference/${name}`);
}
