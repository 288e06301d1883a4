import type { AlertsSpec } from "../alerts-spec.ts";
import type { DaemonSpec } from "../service.ts";
import { DEFAULT_ALERTS } from "./default-alerts.ts";
import { problemsOf } from "./issue-words.ts";
import type { ProblemList } from "./problem.ts";
import type { Source } from "./read-files.ts";
import { resolveAlerts } from "./resolve-alerts.ts";
import { resolveDaemon } from "./resolve-daemon.ts";
import { daemonSchema } from "./schema/daemon.ts";
import { fileHeadSchema } from "./schema/file.ts";

/** What the main file says besides services. */
export interface Head {
  readonly daemon: DaemonSpec;
  readonly alerts: AlertsSpec;
  readonly warnings: readonly string[];
}

/** Sections that only the main file may have. */
const MAIN_ONLY = ["daemon", "alerts"] as const;

/** Reads what files hold besides services. @param sources the main file first */
export function readHead(sources: readonly Source[], hostName: string, problems: ProblemList): Head {
  let head: Head = { daemon: resolveDaemon(daemonSchema.parse({})), alerts: DEFAULT_ALERTS, warnings: [] };
  for (const [index, source] of sources.entries()) {
    if (index > 0) refuseMainSections(source, sources[0]?.path ?? "", problems);
    checkVariableNames(source, problems);
    const parsed = fileHeadSchema.safeParse(source.table);
    if (parsed.success) {
      if (index === 0) head = resolveHead(parsed.data, source, hostName, problems);
      continue;
    }
    for (const problem of problemsOf(parsed.error, fileHeadSchema, source.table, { file: source.path, path: [] })) {
      problems.add(problem);
    }
  }
  return head;
}

function refuseMainSections({ path, table }: Source, main: string, problems: ProblemList): void {
  for (const section of MAIN_ONLY) {
    if (table[section] === undefined) continue;
    problems.addLast({ file: path, path: [section], at: "key", message: `belongs into the main file, ${main}` });
  }
}

function checkVariableNames({ path, table }: Source, problems: ProblemList): void {
  for (const name of Object.keys(asTable(table.variables))) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue;
    const message = "is not a name of a variable; write letters, digits and _, not beginning with a digit";
    problems.add({ file: path, path: ["variables", name], at: "key", message });
  }
}

type HeadInFile = ReturnType<typeof fileHeadSchema.parse>;

function resolveHead(file: HeadInFile, source: Source, hostName: string, problems: ProblemList): Head {
  const warnings: string[] = [];
  const alerts = resolveAlerts(file.alerts, {
    directory: source.directory,
    hostName,
    complain: (path, message, needle) =>
      problems.add({ file: source.path, path: ["alerts", ...path], at: "value", message, needle }),
    complainOfName: (path, message) =>
      problems.add({ file: source.path, path: ["alerts", ...path], at: "key", message }),
    warn: (message) => void warnings.push(`${source.path}: ${message}`),
  });
  return { daemon: resolveDaemon(file.daemon), alerts, warnings };
}

function asTable(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
