import type { Module } from "./modules.ts";

/** Which rooms a room, or one file as an exception, may import. */
export interface Arrows {
  readonly rooms: ReadonlyMap<string, readonly string[]>;
  readonly files: ReadonlyMap<string, readonly string[]>;
}

/** What tests beside the source may import on top of what their room may. */
const TESTS_MAY_IMPORT = ["base", "model", "platform"];

/**
 * Reads the two tables of `docs/architecture.md`: rows whose first cell is a room in backquotes, or a file in
 * backquotes (`src/…`), and whose second cell lists rooms in backquotes, or says "nothing".
 */
export function readArrows(markdown: string): Arrows {
  const rooms = new Map<string, readonly string[]>();
  const files = new Map<string, readonly string[]>();
  for (const line of markdown.split("\n")) {
    const [, first = "", second = ""] = /^\|\s*`([^`]+)`\s*\|([^|]*)\|/.exec(line) ?? [];
    if (first === "") continue;
    const targets = [...second.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
    if (targets.length === 0 && second.trim() !== "nothing") continue;
    (first.startsWith("src/") ? files : rooms).set(first, targets);
  }
  return { rooms, files };
}

/** Every import that no arrow allows, as a line for people. */
export function forbiddenArrows(modules: readonly Module[], arrows: Arrows): string[] {
  return modules.flatMap((module) => {
    const allowed = arrows.rooms.get(module.room);
    if (allowed === undefined) return [`${module.path}: the room "${module.room}" is not in docs/architecture.md`];
    const also = [...(arrows.files.get(module.path) ?? []), ...(module.isTest ? TESTS_MAY_IMPORT : [])];
    return module.imports
      .filter(({ own, target }) => own && !mayImport(module, target, [...allowed, ...also]))
      .map(({ target }) => `${module.path} imports ${target}`);
  });
}

function mayImport(module: Module, target: string, rooms: readonly string[]): boolean {
  const parts = target.split("/");
  if (parts[0] === "native" || target === "package.json") return module.room === "platform" || module.room === "daemon";
  if (parts[0] === "test") return module.isTest && parts[1] === "support";
  if (parts[0] !== "src") return false;
  const room = parts.length > 2 ? (parts[1] ?? "") : "main";
  return room === module.room || rooms.includes(room);
}

/** One line for each ring of files that import each other, types included. */
export function cycles(modules: readonly Module[]): string[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(" -> "));
    if (start >= 0 || done.has(path)) return;
    for (const { own, target } of byPath.get(path)?.imports ?? []) if (own) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const module of modules) walk(module.path, []);
  return found;
}

/** Imports of files that are not there: an arrow that the compiler may not see, a worker's address for one. */
export function danglingImports(modules: readonly Module[], exists: (path: string) => boolean): string[] {
  return modules.flatMap((module) =>
    module.imports
      .filter(({ own, target }) => own && !exists(target))
      .map(({ target }) => `${module.path} names ${target}, which is not there`),
  );
}
