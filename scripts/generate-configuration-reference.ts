import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { configurationJsonSchema } from "../src/model/config/json-schema.ts";
import { configurationReference } from "../src/model/config/reference-page.ts";

/** The pages that are made from the schema of the configuration, by path from the root of the repository. */
export function generatedPages(): Readonly<Record<string, string>> {
  return {
    "docs/reference/configuration.md": configurationReference(),
    "docs/reference/muster.schema.json": `${JSON.stringify(configurationJsonSchema(), null, 2)}\n`,
  };
}

if (import.meta.main) {
  const root = dirname(import.meta.dirname);
  for (const [path, text] of Object.entries(generatedPages())) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    console.log(path);
  }
}
