import * as z from "zod";
import { commandSchema, mailSchema, webhookSchema } from "./channels.ts";
import { duration, wholeNumber } from "./kinds.ts";

/** The section `[alerts]`. */
export const alertsSchema = z
  .strictObject({
    group_wait: duration({ max: "1h" }).prefault("500ms").meta({
      description: "How long causes are gathered before the first notice of an alert.",
      change: "live",
      example: "2s",
    }),
    join: duration({ max: "1d" }).prefault("5s").meta({
      description: "So long after that notice further services may join the alert; then it is told once more.",
      change: "live",
      example: "30s",
    }),
    reminders: reminders()
      .prefault(["1h", "4h", "24h"])
      .meta({
        description:
          "When an alert that nobody acknowledged is told again, counted from when it was raised; then daily. `[]`: never.",
        change: "live",
        example: ["30m", "2h"],
      }),
    quiet: duration({ min: "1s", max: "365d" }).prefault("1d").meta({
      description: "An alert that a service raised itself is resolved when it did not repeat it for so long.",
      change: "live",
      example: "6h",
    }),
    crash_loop: wholeNumber(1, 1000).prefault(3).meta({
      description: "So many automatic restarts in a row are a crash loop.",
      change: "live",
      example: 5,
    }),
    flapping: flapping(),
    suppress: suppress(),
    mail: z.record(z.string(), mailSchema).prefault({}).meta({
      description: "Mail, by a name for the channel.",
    }),
    webhook: z.record(z.string(), webhookSchema).prefault({}).meta({
      description: "Notices as JSON over HTTP, by a name for the channel.",
    }),
    command: z.record(z.string(), commandSchema).prefault({}).meta({
      description: "Notices as JSON on the standard input of a command, by a name for the channel.",
    }),
  })
  .prefault({})
  .meta({ description: "Alerts, and how they leave the house; only in the main file." });

export type AlertsInFile = z.output<typeof alertsSchema>;

/** Nagios' detection of state flapping. */
function flapping() {
  return z
    .strictObject({
      results: wholeNumber(3, 1000).prefault(21).meta({
        description: "How many of the last results of a service are looked at.",
        change: "live",
        example: 11,
      }),
      begin: percent().prefault(50).meta({
        description: "Share of changes among them, in percent, from which it is flapping. Newer changes weigh more.",
        change: "live",
        example: 40,
      }),
      end: percent().prefault(25).meta({
        description: "Below this share it is flapping no more.",
        change: "live",
        example: 20,
      }),
      every: duration({ min: "1s", max: "1d" }).prefault("30s").meta({
        description: "While something changes, its state counts as a result so often.",
        change: "live",
        example: "1m",
      }),
    })
    .prefault({})
    .meta({ description: "When a service goes up and down too often." });
}

function suppress() {
  return z
    .strictObject({
      events: wholeNumber(0, 1_000_000).prefault(100).meta({
        description: "More log and alert events of one instance than this `within` the time are suppressed. 0: never.",
        change: "live",
        example: 1000,
      }),
      within: duration({ min: "1ms", max: "1d" }).prefault("10s").meta({
        description: "The time in which they are counted.",
        change: "live",
        example: "1m",
      }),
      quiet: duration({ min: "1ms", max: "1d" }).prefault("60s").meta({
        description: "They count again when none came for so long.",
        change: "live",
        example: "5m",
      }),
    })
    .prefault({})
    .meta({ description: "When a service says too much." });
}

function reminders() {
  return z.array(duration({ min: "1s", max: "365d" })).meta({ title: "durations" });
}

function percent() {
  return wholeNumber(1, 100).meta({ title: "percent" });
}
