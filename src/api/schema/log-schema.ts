import type { LogLine } from "../../model/log-line.ts";
import { modelled } from "./same-type.ts";
import { integer, objectOf, oneOf, type Schema, text } from "./schema.ts";
import { timeText } from "./words.ts";

export function logLineSchema(): Schema<LogLine> {
  return modelled<LogLine>()(
    objectOf(
      {
        time: timeText("when it was written, as exact as the index"),
        instance: text({ about: "web:1" }),
        stream: oneOf(["out", "err"]),
        generation: integer(),
        text: text({ about: "without its newline" }),
      },
      {
        cut: oneOf([true], { about: "longer than 64 KiB, cut here" }),
        lostBytes: integer({ about: "not a line: so many bytes were lost here" }),
      },
    ),
  );
}
