import { dirname, join } from "node:path/posix";
import { parse, TomlError } from "smol-toml";
import { decodeText } from "./decode-text.ts";
import type { KeyPath, ProblemList } from "./problem.ts";
import type { ConfigurationReader } from "./reader.ts";
import { replaceInTree, replaceReporting, type Variables, variablesOf } from "./variables.ts";

/** A file that was read and parsed, its variables replaced. */
export interface Source {
  readonly path: string;
  readonly directory: string;
  readonly table: Readonly<Record<string, unknown>>;
}

export interface FilesRead {
  /** in the order they were read, the main file first; without those that could not be parsed */
  readonly sources: readonly Source[];
  /** the texts of all files by path, in the same order */
  readonly texts: ReadonlyMap<string, string>;
  readonly globs: ReadonlyMap<string, readonly string[]>;
  readonly warnings: readonly string[];
  /** a file could not be read: what is missing then may be in it */
  readonly incomplete: boolean;
}

/** Reads a file and all that it includes. What is wrong goes to `problems`. */
export class FilesReader {
  private readonly reader: ConfigurationReader;
  private readonly problems: ProblemList;
  private readonly sources: Source[] = [];
  private readonly texts = new Map<string, string>();
  private readonly globs = new Map<string, readonly string[]>();
  private readonly warnings: string[] = [];
  private incomplete = false;

  constructor(reader: ConfigurationReader, problems: ProblemList) {
    this.reader = reader;
    this.problems = problems;
  }

  result(): FilesRead {
    const { sources, texts, globs, warnings, incomplete } = this;
    return { sources, texts, globs, warnings, incomplete };
  }

  /** @param chain the files that led to this one, the main file first */
  async addFile(path: string, bytes: Uint8Array, outer: Variables, chain: readonly string[]): Promise<void> {
    const table = this.parse(path, bytes);
    if (table === undefined) {
      this.incomplete = true;
      return;
    }
    const variables = this.replace(path, table, outer);
    this.sources.push({ path, directory: dirname(path), table });
    const includes: readonly unknown[] = Array.isArray(table.include) ? table.include : [];
    for (const [index, pattern] of includes.entries()) {
      if (typeof pattern !== "string") continue;
      await this.include(pattern, { path, key: ["include", index] }, variables, [...chain, path]);
    }
  }

  private parse(path: string, bytes: Uint8Array): Record<string, unknown> | undefined {
    const decoded = decodeText(bytes);
    this.texts.set(path, decoded.ok ? decoded.value : "");
    if (!decoded.ok) {
      const message = "is not UTF-8 from here on; save the file as UTF-8";
      this.problems.add({ file: path, path: [], at: "key", message, place: decoded.error });
      return undefined;
    }
    try {
      return parse(decoded.value, { maxDepth: 50 }) as Record<string, unknown>;
    } catch (fault) {
      if (!(fault instanceof TomlError)) throw fault;
      const reason = fault.message.split("\n")[0]?.replace(/^Invalid TOML document:\s*/, "") ?? "";
      const place = { line: fault.line, column: fault.column };
      this.problems.add({ file: path, path: [], at: "key", message: `is not valid TOML: ${reason}`, place });
      return undefined;
    }
  }

  private replace(path: string, table: Record<string, unknown>, outer: Variables): Variables {
    const report = (key: KeyPath, mistake: { message: string; needle: string }): void => {
      this.problems.addLast({ file: path, path: key, at: "value", ...mistake });
    };
    const own = new Map<string, string>();
    const variables = variablesOf(own, outer);
    const { variables: declared, ...rest } = table;
    if (typeof declared === "object" && declared !== null) {
      for (const [name, value] of Object.entries(declared)) {
        if (typeof value === "object") continue;
        own.set(name, replaceReporting(String(value), ["variables", name], variables, report));
      }
    }
    replaceInTree(rest, [], variables, report);
    Object.assign(table, rest);
    return variables;
  }

  private async include(
    pattern: string,
    from: { readonly path: string; readonly key: KeyPath },
    variables: Variables,
    chain: readonly string[],
  ): Promise<void> {
    const full = pattern.startsWith("/") ? pattern : join(dirname(from.path), pattern);
    const open = /[*?[\]{}]/.test(pattern);
    const paths = open ? await this.reader.glob(full) : [full];
    if (open) this.globs.set(full, paths);
    if (paths.length === 0) this.warnings.push(`${from.path}: include "${pattern}" matches no file`);
    for (const path of paths) {
      const complain = (message: string): void => {
        this.problems.add({ file: from.path, path: from.key, at: "value", message });
      };
      if (chain.includes(path)) complain(`a loop: ${[...chain.slice(chain.indexOf(path)), path].join(" -> ")}`);
      if (chain.includes(path) || this.texts.has(path)) continue;
      const bytes = await this.reader.read(path);
      if (bytes.ok) await this.addFile(path, bytes.value, variables, chain);
      else {
        complain(`cannot read ${path}: ${bytes.error}`);
        this.incomplete = true;
      }
    }
  }
}
