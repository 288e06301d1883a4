import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";

/** One import, re-export, dynamic import or worker of a module. */
export interface Import {
  /** path from the tree's root for our own modules, the bare name for all others */
  readonly target: string;
  readonly own: boolean;
  /** `import type`: gone when the program runs */
  readonly typeOnly: boolean;
}

export interface Module {
  /** path from the tree's root: `src/services/machine.ts` */
  readonly path: string;
  /** the folder below `src`; `main` for files that lie in `src` itself */
  readonly room: string;
  readonly isTest: boolean;
  readonly imports: readonly Import[];
  readonly source: ts.SourceFile;
}

/** Reads every TypeScript module of the house. */
export function readModules(root: string): Module[] {
  const paths = [...new Bun.Glob("src/**/*.{ts,tsx}").scanSync({ cwd: root })].sort();
  return paths.map((path) => parseModule(path, readFileSync(join(root, path), "utf8")));
}

export function parseModule(path: string, text: string): Module {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const parts = path.split("/");
  return {
    path,
    room: parts.length > 2 ? (parts[1] ?? "") : "main",
    isTest: /\.test\.tsx?$/.test(path),
    imports: importsOf(path, source),
    source,
  };
}

function importsOf(path: string, source: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const own = specifier.text.startsWith(".");
    const target = own ? posix.join(posix.dirname(path), specifier.text) : specifier.text;
    found.push({ target, own, typeOnly });
  };
  visit(source, (node) => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    else if (isWorkerUrl(node)) add(node.arguments?.[0], false);
  });
  return found;
}

/** `new URL("./x-worker.ts", import.meta.url)`: how a worker is named, so an arrow as well. */
function isWorkerUrl(node: ts.Node): node is ts.NewExpression {
  return ts.isNewExpression(node) && node.expression.getText() === "URL" && (node.arguments?.length ?? 0) === 2;
}

/** Calls `see` for `node` and all below it, from the top. */
export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** `src/a.ts:12`, for messages. */
export function place(module: Module, node: ts.Node): string {
  const { line } = module.source.getLineAndCharacterOfPosition(node.getStart(module.source));
  return `${module.path}:${line + 1}`;
}
