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
  "config-no-previous": entry(
    409,
    1,
    (_: Readonly<Record<string, never>>) =>
      "cannot go back to the previous configuration: no other one was applied before; nothing was changed",
  ),
} as const;
