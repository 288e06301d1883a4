import * as z from "zod";
import { duration, wholeNumber } from "./kinds.ts";

/** What follows when it ends by itself. */
export function restartKeys() {
  return {
    restart: z.enum(["always", "on-failure", "never", "expected"]).optional().meta({
      description:
        "When it is started again: `always`; `on-failure` (a signal, or a code not in `success_codes`); `never`; `expected` (only a code in `exit_codes`).",
      defaultInWords: '`"always"`; `"on-failure"` for a task',
      change: "live",
      example: "on-failure",
    }),
    success_codes: exitCodes()
      .prefault([0])
      .meta({
        description: "Exit codes that say that all went well.",
        change: "live",
        example: [0, 2],
      }),
    exit_codes: exitCodes()
      .prefault([0, 1])
      .meta({
        description: 'Exit codes after which `restart = "expected"` starts it again; not read otherwise.',
        change: "live",
        example: [0],
      }),
    backoff: backoff(),
    give_up: giveUp(),
  };
}

function backoff() {
  return z
    .strictObject({
      free: wholeNumber(0, 1000).prefault(1).meta({
        description: "Restarts that come at once, before the first pause.",
        change: "live",
        example: 0,
      }),
      first: duration().prefault("500ms").meta({ description: "The first pause.", change: "live", example: "1s" }),
      factor: z.number().min(1).max(100).prefault(2).meta({
        description: "Each pause is so many times the one before.",
        change: "live",
        example: 1.5,
      }),
      max: duration().prefault("1m").meta({ description: "The longest pause.", change: "live", example: "5m" }),
      spread: z.number().min(0).max(1).prefault(0.25).meta({
        description: "Chance in a pause, as a part of it, so that many services do not start at one moment.",
        change: "live",
        example: 0,
      }),
      reset: duration().prefault("30s").meta({
        description: "Up for so long: the pauses begin anew.",
        change: "live",
        example: "2m",
      }),
    })
    .prefault({})
    .meta({ description: "Pauses between restarts." });
}

function giveUp() {
  return z
    .strictObject({
      restarts: wholeNumber(0, 100_000).prefault(10).meta({
        description: "More restarts than this `within` the time: it has failed. 0: never.",
        change: "live",
        example: 3,
      }),
      within: duration({ min: "1ms", max: "24d" }).prefault("5m").meta({
        description: "The time in which they are counted.",
        change: "live",
        example: "1h",
      }),
      revive: duration({ max: "24d" }).prefault("15m").meta({
        description: 'A failed one is tried anew after this time. `"0s"`: it stays failed.',
        change: "live",
        example: "0s",
      }),
    })
    .prefault({})
    .meta({ description: "When restarts end." });
}

function exitCodes() {
  return z.array(wholeNumber(0, 255));
}
