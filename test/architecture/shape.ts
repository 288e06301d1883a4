import ts from "typescript";
import { type Module, place, visit } from "./modules.ts";

const MOST_LINES_OF_A_FILE = 400;
const MOST_LINES_OF_A_FUNCTION = 60;
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.tsx?$/;

/** What is wrong with the form of a module, a line each. */
export function shapeFaults(module: Module): string[] {
  // Declarations of what is not TypeScript have the form that the other side has.
  if (module.path.endsWith(".d.ts")) return [];
  const lines = module.source.getLineStarts().length;
  const name = module.path.split("/").at(-1) ?? "";
  return [
    ...(lines > MOST_LINES_OF_A_FILE ? [`${module.path} has ${lines} lines, more than ${MOST_LINES_OF_A_FILE}`] : []),
    ...(FILE_NAME.test(name) ? [] : [`${module.path} is not named in kebab-case`]),
    ...(isBarrel(module) ? [`${module.path} only passes on what others export; import from where it is`] : []),
    ...nodeFaults(module),
  ];
}

function isBarrel(module: Module): boolean {
  const statements = module.source.statements;
  return statements.length > 0 && statements.every((one) => ts.isExportDeclaration(one) && one.moduleSpecifier);
}

function nodeFaults(module: Module): string[] {
  const found: string[] = [];
  visit(module.source, (node) => {
    const fault = nodeFault(module, node);
    if (fault !== undefined) found.push(`${place(module, node)} ${fault}`);
  });
  return found;
}

function nodeFault(module: Module, node: ts.Node): string | undefined {
  if (ts.isExportAssignment(node)) return "has a default export";
  if (ts.isExportSpecifier(node) && node.name.text === "default") return "has a default export";
  if (node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent)) return "has a default export";
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && !node.exportClause)
    return "exports all of another module";
  if (module.isTest || !ts.isFunctionLike(node) || !("body" in node) || !node.body) return undefined;
  const lines = lineSpan(module, node);
  return lines > MOST_LINES_OF_A_FUNCTION ? `is a function of ${lines} lines` : undefined;
}

function lineSpan(module: Module, node: ts.Node): number {
  const line = (position: number) => module.source.getLineAndCharacterOfPosition(position).line;
  return line(node.end) - line(node.getStart(module.source)) + 1;
}
