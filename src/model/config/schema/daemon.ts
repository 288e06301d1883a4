import * as z from "zod";
import { account, duration, octal, size, wholeNumber } from "./kinds.ts";

/** The section `[daemon]`. */
export const daemonSchema = z
  .strictObject({
    restart_limit: z
      .strictObject({
        restarts: wholeNumber(1, 100_000).prefault(20).meta({
          description: "At most so many restarts of all services `within` the time; the others wait and say so.",
          change: "live",
          example: 5,
        }),
        within: duration({ min: "1ms", max: "1d" }).prefault("1s").meta({
          description: "The time in which they are counted.",
          change: "live",
          example: "10s",
        }),
      })
      .prefault({})
      .meta({ description: "Against storms of restarts." }),
    log_level: z.enum(["debug", "info", "warn", "error"]).prefault("info").meta({
      description: "What the daemon's own log holds.",
      change: "live",
      example: "debug",
    }),
    log_total: size(1_000).prefault("0B").meta({
      description: 'The most that all logs may take together; the oldest go first. `"0B"`: no such limit.',
      change: "live",
      example: "2GB",
    }),
    journal: z
      .strictObject({
        keep: duration({ min: "1s", max: "3650d" }).prefault("30d").meta({
          description: "How long events are kept.",
          change: "live",
          example: "7d",
        }),
        max: size(1_000_000).prefault("200MB").meta({
          description: 'The most that the journal may take; the oldest events go first. `"0B"`: no such limit.',
          change: "live",
          example: "1GB",
        }),
      })
      .prefault({})
      .meta({ description: "The journal of events." }),
    socket: z
      .strictObject({
        group: account().optional().meta({
          description: "Unix group of the control socket.",
          defaultInWords: "that of the daemon",
          change: "live",
          example: "adm",
        }),
        mode: octal().prefault("0600").meta({
          description: "Permission bits of the control socket, in octal and in quotes.",
          change: "live",
          example: "0660",
        }),
      })
      .prefault({})
      .meta({ description: "The control socket." }),
  })
  .prefault({})
  .meta({ description: "The daemon itself; only in the main file." });

export type DaemonInFile = z.output<typeof daemonSchema>;
