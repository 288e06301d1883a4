import * as z from "zod";
import { command, duration, signal, text, wholeNumber } from "./kinds.ts";
import { readiness } from "./readiness.ts";

/** When it starts, is ready, is started again, and how it stops. */
export function lifeKeys() {
  return {
    autostart: z.boolean().prefault(true).meta({
      description: "Start it with the daemon (after a boot of the host; else what was last wanted holds).",
      change: "live",
      example: false,
    }),
    start: start(),
    ready: readiness()
      .prefault("time")
      .meta({
        description:
          'When it may get work: `"time"` (it lived for `start.wait`), `"notify"` (it says so), `{ line = "regex" }` (a line of its output matches), `{ fd = 3 }` (it writes a line to this descriptor), `{ script = "check.sh" }` (this command, run in its directory, ends with 0), `{ check = "name" }`.',
        change: "live",
        example: { line: "listening on" },
      }),
    stop: stop(),
    reload: reload(),
  };
}

function start() {
  return z
    .strictObject({
      wait: duration().prefault("1s").meta({
        description: 'How long a start is watched with `ready = "time"`.',
        change: "live",
        example: "3s",
      }),
      timeout: duration().prefault("60s").meta({
        description: "How long a start may take with every other kind of `ready`; then it has failed.",
        change: "live",
        example: "2m",
      }),
      retries: wholeNumber(1, 1000).prefault(5).meta({
        description: "Starts in a row that did not become ready, then it has failed.",
        change: "live",
        example: 3,
      }),
      silence: duration({ min: "1ms" }).prefault("60s").meta({
        description: "In maintenance during its start it reports more often than this; else it hangs.",
        change: "live",
        example: "5m",
      }),
    })
    .prefault({})
    .meta({ description: "The start." });
}

function stop() {
  return z
    .strictObject({
      signal: signal()
        .prefault("TERM")
        .meta({ description: "Signal that asks it to end.", change: "live", example: "INT" }),
      to: z.enum(["main", "group", "tree"]).prefault("main").meta({
        description: "Who gets the signal: the main process, its process group, or all its processes.",
        change: "live",
        example: "group",
      }),
      wait: duration({ min: "1ms" }).prefault("10s").meta({
        description: "How long to wait after each signal.",
        change: "live",
        example: "30s",
      }),
      retries: wholeNumber(1, 100).prefault(1).meta({
        description: "How many times it is asked; then KILL.",
        change: "live",
        example: 3,
      }),
      command: command()
        .optional()
        .meta({
          description: "Command that makes it end, in place of the signal.",
          change: "live",
          example: ["nginx", "-s", "quit"],
        }),
    })
    .prefault({})
    .meta({ description: "The stop; KILL for what is left after it." });
}

function reload() {
  return z
    .strictObject({
      signal: signal().prefault("HUP").meta({
        description: "Signal that makes it read its configuration again.",
        change: "live",
        example: "USR1",
      }),
      command: command()
        .optional()
        .meta({
          description: "Command that makes it do so, in place of the signal.",
          change: "live",
          example: ["nginx", "-s", "reload"],
        }),
      files: z
        .array(text())
        .prefault([])
        .meta({
          description:
            "Files that it reads itself, relative to this one: `apply` reloads it when the content of one has changed.",
          change: "live",
          content: "reload",
          example: ["nginx.conf"],
        }),
    })
    .prefault({})
    .meta({ description: "The reload." });
}
