import * as z from "zod";
import { complain, duration } from "./kinds.ts";

/** What it says to its supervisor. */
export function wordKeys() {
  return {
    notify_access: z.enum(["none", "main", "all"]).prefault("all").meta({
      description:
        "Whose words count: those of `all` its processes, or only of its `main` one; with `none` it has no event socket (from the next start on).",
      change: "live",
      example: "main",
    }),
    watchdog: duration({ max: "24d" })
      .transform((ms, context) =>
        ms > 0 && ms < 100 ? complain(context, `${ms} ms is too short; the least is "100ms", or "0s" for none`) : ms,
      )
      .prefault("0s")
      .meta({
        description:
          'While it runs it says `WATCHDOG=1` more often than this; else it hangs and is restarted. `"0s"`: it need not.',
        change: "restart",
        example: "30s",
      }),
  };
}
