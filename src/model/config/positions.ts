import { type AST, parseTOML } from "toml-eslint-parser";
import type { KeyPath, Place, Problem } from "./problem.ts";

/** No key that we know lies deeper; a path without end would cost without end. */
const DEEPEST = 50;

interface Spot {
  readonly key: AST.SourceLocation;
  readonly value: AST.SourceLocation;
  readonly range: readonly [number, number];
}

/** The places of all keys of a file; read only when something is wrong, because it takes far longer than parsing. */
export class Positions {
  private readonly spots = new Map<string, Spot>();
  private readonly text: string;

  /** @param text a file that has been parsed already */
  constructor(text: string) {
    this.text = text;
    try {
      for (const node of parseTOML(text, { tomlVersion: "next" }).body[0].body) this.addNode(node, []);
    } catch {
      // A file that the other parser takes and this one does not: its problems are shown at its beginning.
    }
  }

  /** The place of a problem, or of the nearest table around it that the file has. */
  placeOf(problem: Problem): Place {
    for (let length = problem.path.length; length > 0; length--) {
      const spot = this.spots.get(identity(problem.path.slice(0, length)));
      if (spot === undefined) continue;
      const exact = length === problem.path.length;
      const narrowed = exact && problem.needle ? this.find(problem.needle, spot) : undefined;
      if (narrowed !== undefined) return narrowed;
      const location = exact && problem.at === "value" ? spot.value : spot.key;
      return { line: location.start.line, column: location.start.column + 1 };
    }
    return { line: 1, column: 1 };
  }

  private find(needle: string, spot: Spot): Place | undefined {
    const at = this.text.slice(spot.range[0], spot.range[1]).indexOf(needle);
    if (at < 0) return undefined;
    const before = this.text.slice(0, spot.range[0] + at).split(/\r?\n/);
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }

  private addNode(node: AST.TOMLTable | AST.TOMLKeyValue, prefix: KeyPath): void {
    if (node.type === "TOMLKeyValue") {
      const path = this.addKeys(node.key, prefix, node.value);
      this.addValue(node.value, path);
      return;
    }
    this.addKeys(node.key, [], node);
    const path = node.resolvedKey.slice(0, DEEPEST);
    this.add(path, node.key.loc, node);
    for (const entry of node.body) this.addNode(entry, path);
  }

  /** `a.b.c = 1` names three; those that stand in the file already keep their place. */
  private addKeys(key: AST.TOMLKey, prefix: KeyPath, value: AST.TOMLNode): KeyPath {
    let path = prefix;
    for (const part of key.keys.slice(0, DEEPEST)) {
      path = [...path, part.type === "TOMLBare" ? part.name : part.value];
      this.add(path, part.loc, value);
    }
    return path;
  }

  private addValue(value: AST.TOMLContentNode, path: KeyPath): void {
    if (value.type === "TOMLInlineTable") for (const entry of value.body) this.addNode(entry, path);
    if (value.type !== "TOMLArray") return;
    for (const [index, element] of value.elements.entries()) {
      this.add([...path, index], element.loc, element);
      this.addValue(element, [...path, index]);
    }
  }

  private add(path: KeyPath, key: AST.SourceLocation, value: AST.TOMLNode): void {
    const name = identity(path);
    if (!this.spots.has(name)) this.spots.set(name, { key, value: value.loc, range: value.range });
  }
}

function identity(path: KeyPath): string {
  return JSON.stringify(path);
}
