import { NAME_PATTERN } from "../name.ts";
import type { ServiceSpec } from "../service.ts";
import { problemsOf } from "./issue-words.ts";
import type { KeyPath, ProblemList } from "./problem.ts";
import type { Source } from "./read-files.ts";
import { resolveService } from "./resolve-service.ts";
import { type Complain, checkPlaceholders } from "./resolve-values.ts";
import { type ServiceInFile, serviceSchema } from "./schema/file.ts";
import { nameComplaint } from "./schema/place.ts";
import { unsupportedIn } from "./unsupported.ts";

/** A service, and the file that it stands in. */
export interface PlacedService {
  readonly file: string;
  readonly spec: ServiceSpec;
}

/** Reads the services of one file; those with mistakes too, as far as they can be understood. */
export function readServices(source: Source, problems: ProblemList): readonly PlacedService[] {
  const services = source.table.services;
  if (typeof services !== "object" || services === null || Array.isArray(services)) return [];
  return Object.entries(services).flatMap(([name, raw]) => {
    checkName(name, source.path, problems);
    for (const problem of unsupportedIn(source.path, name, raw)) problems.addLast(problem);
    const file = readService(name, raw, source.path, problems);
    if (file === undefined) return [];
    const complain: Complain = (path, message, needle) =>
      problems.add({ file: source.path, path: ["services", name, ...path], at: "value", message, needle });
    checkPlaceholders(file, complain);
    return [{ file: source.path, spec: resolveService(name, file, source.directory, complain) }];
  });
}

function checkName(name: string, file: string, problems: ProblemList): void {
  const complain = (message: string): void => problems.add({ file, path: ["services", name], at: "key", message });
  if (!NAME_PATTERN.test(name)) complain(nameComplaint(name));
  if (name === "muster") complain(`"muster" is the name of the daemon itself; choose another`);
}

function readService(name: string, raw: unknown, file: string, problems: ProblemList): ServiceInFile | undefined {
  const parsed = serviceSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const found = problemsOf(parsed.error, serviceSchema, raw, { file, path: ["services", name] });
  for (const problem of found) problems.addLast(problem);
  if (typeof raw !== "object" || raw === null) return undefined;
  const rest = without(
    raw,
    found.map((problem) => problem.path.slice(2)),
  );
  return serviceSchema.safeParse(rest).data;
}

/** The table without the keys that are wrong: so that what is wrong elsewhere is found in the same run. */
function without(raw: object, paths: readonly KeyPath[]): object {
  const rest = structuredClone(raw);
  for (const path of paths) removeAt(rest, path);
  return { command: ["unknown"], ...rest };
}

/** Removes a key; a list goes as a whole. */
function removeAt(table: object, [key, ...rest]: KeyPath): void {
  if (key === undefined || !Object.hasOwn(table, key)) return;
  const child: unknown = (table as Record<string | number, unknown>)[key];
  const isTable = typeof child === "object" && child !== null && !Array.isArray(child);
  if (rest.length > 0 && isTable && Object.hasOwn(child, rest[0] ?? "")) removeAt(child, rest);
  else delete (table as Record<string | number, unknown>)[key];
}
