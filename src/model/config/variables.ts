import { nearest } from "../../base/nearest.ts";
import type { KeyPath } from "./problem.ts";

/** Gives the value of a variable, and the names that are known, for a guess at what was meant. */
export interface Variables {
  get(name: string): string | undefined;
  names(): Iterable<string>;
}

export interface VariableMistake {
  readonly message: string;
  /** the part of the text that it is about */
  readonly needle: string;
}

/**
 * Replaces `${NAME}` and `${NAME:-default}` (taken when the variable is not set or empty); `$$` is a dollar, any other
 * dollar stands for itself. A mistake leaves its text as it is.
 */
export function replaceVariables(
  text: string,
  variables: Variables,
): { readonly text: string; readonly mistakes: readonly VariableMistake[] } {
  if (!text.includes("$")) return { text, mistakes: [] };
  const mistakes: VariableMistake[] = [];
  const replaced = text.replaceAll(/\$\$|\$\{([^}]*)(\}?)/g, (whole, inside?: string, end?: string) => {
    if (whole === "$$") return "$";
    const value = end === "" ? `"${whole}" has no closing brace` : lookUp(inside ?? "", variables);
    if (typeof value !== "string") return value.value;
    mistakes.push({ message: value.endsWith("?") ? value : `${value}; "$$" is a dollar`, needle: whole });
    return whole;
  });
  return { text: replaced, mistakes };
}

/** @returns the value, or what is wrong */
function lookUp(inside: string, variables: Variables): { readonly value: string } | string {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inside);
  if (!match) return `"\${${inside}}" is not a variable; write "\${NAME}" or "\${NAME:-default}"`;
  const [, name = "", fallback] = match;
  const value = variables.get(name);
  if (fallback !== undefined) return { value: value === undefined || value === "" ? fallback : value };
  if (value !== undefined) return { value };
  const near = nearest(name, variables.names());
  const hint = near === undefined ? `write "\${${name}:-default}" to go on without it` : `did you mean "\${${near}}"?`;
  return `"\${${name}}" is neither in [variables] nor in the environment; ${hint}`;
}

/** Far more than any key needs; a file cannot make us call ourselves without end. */
const DEEPEST = 50;

type Report = (path: KeyPath, mistake: VariableMistake) => void;

/**
 * Replaces the variables in all strings of a parsed file, in place, and refuses what no program can be given (NUL).
 * @param value a table or list
 */
export function replaceInTree(value: object, path: KeyPath, variables: Variables, report: Report): void {
  if (path.length > DEEPEST) {
    report(path.slice(0, 1), { message: "is nested too deeply", needle: "" });
    return;
  }
  for (const [name, child] of Object.entries(value)) {
    const key = Array.isArray(value) ? Number(name) : name;
    if (typeof child === "string") {
      (value as Record<string | number, unknown>)[key] = replaceReporting(child, [...path, key], variables, report);
    } else if (typeof child === "object" && child !== null) {
      replaceInTree(child, [...path, key], variables, report);
    }
  }
}

export function replaceReporting(text: string, path: KeyPath, variables: Variables, report: Report): string {
  const replaced = replaceVariables(text, variables);
  for (const mistake of replaced.mistakes) report(path, mistake);
  if (replaced.text.includes("\0")) {
    report(path, { message: "holds the character NUL, which no program can be given", needle: "" });
  }
  return replaced.text;
}

/**
 * The variables of a file before those of who includes it, before the environment.
 */
export function variablesOf(own: ReadonlyMap<string, string>, outer: Variables): Variables {
  return {
    get: (name) => own.get(name) ?? outer.get(name),
    names: () => [...own.keys(), ...outer.names()],
  };
}

/** @param onTaken told each time that a value is taken from it, so that a snapshot can keep just those */
export function environmentVariables(
  environment: Readonly<Record<string, string | undefined>>,
  onTaken: (name: string, value: string) => void,
): Variables {
  return {
    get: (name) => {
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
      if (value !== undefined) onTaken(name, value);
      return value;
    },
    names: () => Object.keys(environment),
  };
}
