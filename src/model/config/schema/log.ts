import * as z from "zod";
import { duration, size, text, wholeNumber } from "./kinds.ts";

export function logKeys() {
  return {
    log: z
      .strictObject({
        to: z.enum(["file", "stdout"]).prefault("file").meta({
          description: "`file`: into the log directory; `stdout`: to the output of the daemon.",
          change: "live",
          example: "stdout",
        }),
        size: size(1_000).prefault("50MB").meta({
          description: 'A log is rotated at this size. `"0B"`: never for its size.',
          change: "live",
          example: "10MB",
        }),
        keep: wholeNumber(0, 10_000).prefault(5).meta({
          description: "Rotated files kept a stream.",
          change: "live",
          example: 20,
        }),
        age: duration({ max: "3650d" }).prefault("0s").meta({
          description: 'A log is rotated when it is this old. `"0s"`: never for its age.',
          change: "live",
          example: "1d",
        }),
        compress: z.boolean().prefault(false).meta({
          description: "Compress rotated files.",
          change: "live",
          example: true,
        }),
        total: size(1_000).prefault("0B").meta({
          description:
            'The most that all log files of the service may take; the oldest go first. `"0B"`: no such limit.',
          change: "live",
          example: "500MB",
        }),
        archive: text().optional().meta({
          description: "Rotated files go to `<archive>/<year>/<month>/`, relative to this file.",
          defaultInWords: "they stay beside the log",
          change: "live",
          example: "archive/{service}",
        }),
        merge: z.boolean().prefault(false).meta({
          description: "stdout and stderr in one file, in exact order.",
          change: "restart",
          example: true,
        }),
        on_full: z.enum(["drop", "wait"]).prefault("drop").meta({
          description: "No room on the disk: `drop` counts and discards, `wait` lets the program wait.",
          change: "live",
          example: "wait",
        }),
      })
      .prefault({})
      .meta({ description: "What becomes of its output." }),
  };
}
