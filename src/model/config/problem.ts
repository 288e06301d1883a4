export type KeyPath = readonly (string | number)[];

/** A mistake in a file, before its place is looked up. */
export interface Problem {
  readonly file: string;
  /** the key it is about; the nearest part of it that stands in the file gives the place */
  readonly path: KeyPath;
  /** whether the place is that of the key or that of its value */
  readonly at: "key" | "value";
  readonly message: string;
  /** a part of the value that the place is narrowed to */
  readonly needle?: string | undefined;
  /** known already: a file that could not be parsed */
  readonly place?: Place | undefined;
}

export interface Place {
  /** both count from 1 */
  readonly line: number;
  readonly column: number;
}

/** Where the readers of a configuration put what they find wrong. */
export class ProblemList {
  private readonly found: Problem[] = [];
  private readonly blocked = new Set<string>();

  get problems(): readonly Problem[] {
    return this.found;
  }

  add(problem: Problem): void {
    if (!this.blocked.has(identityOf(problem))) this.found.push(problem);
  }

  /** Adds it and takes no other about the same value: what is read from a broken text would only confuse. */
  addLast(problem: Problem): void {
    this.add(problem);
    this.blocked.add(identityOf(problem));
  }
}

function identityOf(problem: Problem): string {
  return JSON.stringify([problem.file, problem.path]);
}

/** `services.api.command[0]`; names with other signs than those of a bare key are quoted. */
export function formatPath(path: KeyPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += (text === "" ? "" : ".") + (/^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part));
  }
  return text;
}
