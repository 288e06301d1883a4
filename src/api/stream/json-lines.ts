import { mapEach } from "./map-each.ts";
import type { Pace, StreamSource } from "./stream-source.ts";

/**
 * A stream of one JSON value a line. An empty line is a heartbeat; the last line may be `{ "error": … }`. Its end is
 * the end of the answer: a connection that broke leaves the answer unfinished, which every HTTP client tells.
 */
export function jsonLines<Value>(options: {
  readonly pace: Pace;
  readonly values: AsyncIterable<readonly Value[]>;
}): StreamSource {
  return {
    contentType: "application/jsonl",
    pace: options.pace,
    heartbeat: "\n",
    opening: "\n",
    ending: "",
    failure: (error) => `${JSON.stringify({ error })}\n`,
    messages: mapEach(options.values, (values) => values.map((value) => `${JSON.stringify(value)}\n`).join("")),
  };
}
