import type { DaemonSpec } from "../service.ts";
import { problemsOf } from "./issue-words.ts";
import type { ProblemList } from "./problem.ts";
import type { Source } from "./read-files.ts";
import { resolveDaemon } from "./resolve-daemon.ts";
import { daemonSchema } from "./schema/daemon.ts";
import { fileHeadSchema } from "./schema/file.ts";

/** Reads what files hold besides services. @param sources the main file first */
export function readHead(sources: readonly Source[], problems: ProblemList): DaemonSpec {
  let daemon = resolveDaemon(daemonSchema.parse({}));
  for (const [index, source] of sources.entries()) {
    const { path, table } = source;
    if (index > 0 && table.daemon !== undefined) {
      const message = `belongs into the main file, ${sources[0]?.path}`;
      problems.addLast({ file: path, path: ["daemon"], at: "key", message });
    }
    for (const name of Object.keys(asTable(table.variables))) {
      if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue;
      const message = "is not a name of a variable; write letters, digits and _, not beginning with a digit";
      problems.add({ file: path, path: ["variables", name], at: "key", message });
    }
    const parsed = fileHeadSchema.safeParse(table);
    if (parsed.success && index === 0) daemon = resolveDaemon(parsed.data.daemon);
    if (parsed.success) continue;
    for (const problem of problemsOf(parsed.error, fileHeadSchema, table, { file: path, path: [] })) {
      problems.add(problem);
    }
  }
  return daemon;
}

function asTable(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
