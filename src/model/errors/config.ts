import { entry } from "./entry.ts";

export const CONFIG_ERRORS = {
  "config-unreadable": entry(
    400,
    2,
    (d: { path: string; reason: string }) =>
      `cannot read the configuration ${d.path}: ${d.reason}; "muster init" writes a first one`,
  ),
  /** `problems` are complete lines "file:line:column: what". */
  "config-invalid": entry(
    422,
    2,
    (d: { path: string; problems: readonly string[] }) =>
      `cannot use the configuration ${d.path}: ${d.problems.length === 1 ? "1 mistake" : `${d.problems.length} mistakes`}; nothing was changed\n${d.problems.join("\n")}`,
  ),
} as const;
