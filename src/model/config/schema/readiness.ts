import * as z from "zod";
import { command, complain } from "./kinds.ts";

/** When a service may get work. */
export function readiness() {
  return z
    .union([
      z.enum(["time", "notify"]),
      z.strictObject({ line: z.string().transform(checkedPattern) }),
      z.strictObject({ fd: z.int().min(3).max(1023) }),
      z.strictObject({ script: command() }),
      z.strictObject({ check: z.string() }),
    ])
    .meta({ title: "kind of readiness" });
}

function checkedPattern(pattern: string, context: z.RefinementCtx): string {
  if (pattern === "")
    return complain(context, "is empty; write a regular expression that a line of its output matches");
  try {
    new RegExp(pattern);
    return pattern;
  } catch (fault) {
    const reason = (fault as Error).message.replace(/^Invalid regular expression:\s*/, "");
    return complain(context, `"${pattern}" is not a regular expression: ${reason}`);
  }
}
