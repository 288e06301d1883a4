import ts from "typescript";
import { type Module, place, visit } from "./modules.ts";

/** Rooms and files that only decide: time, chance and the world come in as arguments. */
const PURE_ROOMS = ["base", "model"];
const PURE_FILES = /(^|\/)(machine|policy|plan|[a-z-]+-policy)\.ts$/;

/** Globals that wait, ask the clock, roll dice or touch the world. */
const FORBIDDEN_NAMES = new Set([
  ...["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "performance", "fetch", "crypto"],
  ...["process", "Bun", "console", "Worker", "require", "globalThis", "WebSocket"],
]);
const FORBIDDEN_MEMBERS = new Set(["Date.now", "Math.random"]);
/** It only computes with strings. */
const ALLOWED_BUILT_INS = ["node:path", "node:path/posix"];
const FORBIDDEN_ROOMS = ["platform", "journal"];

export function isPure(module: Module): boolean {
  return !module.isTest && (PURE_ROOMS.includes(module.room) || PURE_FILES.test(module.path));
}

/** The pure modules and all that they run with: what a decision calls is a part of it. */
export function pureModules(modules: readonly Module[]): Module[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const reached = new Set(modules.filter(isPure));
  for (const module of reached) {
    for (const { own, typeOnly, target } of module.imports) {
      const next = own && !typeOnly ? byPath.get(target) : undefined;
      if (next !== undefined) reached.add(next);
    }
  }
  return [...reached];
}

/** Every place where a pure module reaches for time, chance or the world. */
export function impurities(modules: readonly Module[]): string[] {
  return pureModules(modules).flatMap((module) => [...forbiddenImports(module), ...forbiddenUses(module)]);
}

function forbiddenImports(module: Module): string[] {
  return module.imports.flatMap(({ own, target }) => {
    const builtIn = /^(node|bun)(:|$)/.test(target) && !ALLOWED_BUILT_INS.includes(target);
    const room = own && FORBIDDEN_ROOMS.includes(target.split("/")[1] ?? "");
    return builtIn || room ? [`${module.path} decides, but imports ${target}`] : [];
  });
}

function forbiddenUses(module: Module): string[] {
  const declared = declaredNames(module);
  const found: string[] = [];
  visit(module.source, (node) => {
    const use = forbiddenUse(node, declared);
    if (use !== undefined) found.push(`${place(module, node)} decides, but uses ${use}`);
  });
  return found;
}

function forbiddenUse(node: ts.Node, declared: ReadonlySet<string>): string | undefined {
  if (ts.isPropertyAccessExpression(node) && FORBIDDEN_MEMBERS.has(node.getText())) return node.getText();
  if (ts.isNewExpression(node) && node.expression.getText() === "Date" && !node.arguments?.length) return "new Date()";
  if (!ts.isIdentifier(node) || !FORBIDDEN_NAMES.has(node.text) || declared.has(node.text)) return undefined;
  return isReference(node) ? node.text : undefined;
}

/** Not the name of a member, as in `service.process` or `{ process: 1 }`, and not a type. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  const names = [ts.isPropertySignature, ts.isMethodSignature, ts.isMethodDeclaration, ts.isTypeReferenceNode];
  return !names.some((is) => is(parent));
}

function declaredNames(module: Module): Set<string> {
  const names = new Set<string>();
  visit(module.source, (node) => {
    const declares = ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node);
    if (declares && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}
