import { mapEach } from "./map-each.ts";
import type { Pace, StreamSource } from "./stream-source.ts";

/**
 * A stream of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * Each value is one event with the type `event`; the stream ends with the type `end`, or `error` with `{ error }`.
 * @param options `idOf`: what a reader that comes back sends as `Last-Event-ID`
 */
export function serverSentEvents<Value>(options: {
  readonly event: string;
  readonly pace: Pace;
  readonly values: AsyncIterable<readonly Value[]>;
  readonly idOf?: (value: Value) => string;
}): StreamSource {
  const { event, idOf } = options;
  const encode = (value: Value): string =>
    `event: ${event}\n${idOf === undefined ? "" : `id: ${idOf(value)}\n`}data: ${JSON.stringify(value)}\n\n`;
  return {
    contentType: "text/event-stream",
    pace: options.pace,
    heartbeat: ": still here\n\n",
    opening: ": muster\n\n",
    ending: "event: end\ndata: {}\n\n",
    failure: (error) => `event: error\ndata: ${JSON.stringify({ error })}\n\n`,
    messages: mapEach(options.values, (values) => values.map(encode).join("")),
  };
}

/** For sources that give one value at a time. */
export function each<Value>(values: AsyncIterable<Value>): AsyncIterable<readonly Value[]> {
  return mapEach(values, (value) => [value]);
}
