import * as z from "zod";
import { NAME_PATTERN } from "../../name.ts";
import { complain, wholeNumber } from "./kinds.ts";

/** What it is and where it stands among the others. */
export function placeKeys() {
  return {
    kind: z.enum(["service", "task"]).prefault("service").meta({
      description: "`service` runs on; `task` runs to its end and then is `finished`.",
      change: "restart",
      example: "task",
    }),
    instances: wholeNumber(0, 1000).prefault(1).meta({
      description: "How many copies run. A change leaves the others alone.",
      change: "live",
      example: 3,
    }),
    port: wholeNumber(1, 65_535).optional().meta({
      description:
        "Port of the first instance; instance n gets `port` + n - 1, as `{port}` and as `PORT` in its environment.",
      change: "restart",
      example: 8081,
    }),
    group: groupName().optional().meta({
      description: "Group of services that can be named as `@group`.",
      change: "live",
      example: "backend",
    }),
    depends_on: z
      .array(z.string())
      .prefault([])
      .meta({
        description: "Services that must be ready (tasks: finished) before it starts, and that stop after it.",
        change: "live",
        example: ["db"],
      }),
    key: z.boolean().prefault(false).meta({
      description: "Its end ends `muster up`, with its exit code (the main program of a container).",
      change: "live",
      example: true,
    }),
  };
}

function groupName() {
  return z
    .string()
    .meta({ pattern: NAME_PATTERN.source })
    .transform((name, context) => (NAME_PATTERN.test(name) ? name : complain(context, nameComplaint(name))));
}

export function nameComplaint(name: string): string {
  return `"${name}" is not a name that is allowed; write up to 63 letters, digits, "_" and "-", beginning with a letter or digit`;
}
