import { describe, expect, test } from "bun:test";
import { failOnLeaks } from "../../../test/support/leak-check.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { ScriptedSource } from "../testing/scripted-source.ts";
import { OutgoingStream, STREAM_LIMITS, type StreamEnd, type StreamLimits } from "./outgoing-stream.ts";
import { serverSentEvents } from "./server-sent-events.ts";
import type { Pace } from "./stream-source.ts";

failOnLeaks();

/** A stream over a scripted source; its reader is whoever reads `stream.body`. */
function open(pace: Pace, limits: Partial<StreamLimits> = {}) {
  const source = new ScriptedSource<readonly string[]>();
  const abort = new AbortController();
  const stream = new OutgoingStream({
    source: serverSentEvents({ event: "word", pace, values: source.read(abort.signal) }),
    limits: { ...STREAM_LIMITS, ...limits },
    abort,
    describeFailure: (error) => ({ code: "internal-fault", message: String(error), data: {} }),
  });
  return { source, abort, stream, reader: stream.body.getReader() };
}

async function readText(reader: ReturnType<typeof open>["reader"], until: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes(until)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

const kilobytes = (count: number): string => "x".repeat(count * 1_000);

describe("a stream that is read", () => {
  test("opens, gives what comes, and ends with its source", async () => {
    const { source, stream, reader } = open("live");
    source.push(["one", "two"], ["three"]);
    source.end();
    expect(await readText(reader, "event: end\n")).toBe(
      ': muster\n\nevent: word\ndata: "one"\n\nevent: word\ndata: "two"\n\nevent: word\ndata: "three"\n\nevent: end\ndata: {}\n\n',
    );
    expect((await reader.read()).done).toBe(true);
    expect(await stream.ended).toBe("finished");
    expect(source.open).toBe(0);
  });

  test("says an error of its source and ends", async () => {
    const { source, stream, reader } = open("live");
    source.push(["one"]);
    source.fail(new Error("disk"));
    const text = await readText(reader, "event: error\n");
    expect(text).toContain(
      'event: error\ndata: {"error":{"code":"internal-fault","message":"Error: disk","data":{}}}\n\n',
    );
    expect((await reader.read()).done).toBe(true);
    expect(await stream.ended).toBe("failed");
  });

  test("gives a message larger than the limit whole to a reader that reads", async () => {
    const { source, reader } = open("live", { unreadLimitBytes: 100_000 });
    source.push([kilobytes(5_000)]);
    source.end();
    expect((await readText(reader, "event: end\n")).length).toBeGreaterThan(5_000_000);
    expect((await reader.read()).done).toBe(true);
  });

  test("beats while nothing comes, and not while something does not go", async () => {
    const { abort, stream, reader } = open("live", { heartbeatMs: 10 });
    const text = await readText(reader, ": still here\n\n");
    expect(text).toStartWith(": muster\n\n");
    abort.abort();
    expect(await stream.ended).toBe("left");
  });

  test("closes in order: what is unread is still given", async () => {
    const { source, stream, reader } = open("live");
    source.push(["one"]);
    await waitFor("the item to be taken", () => source.taken === 1);
    stream.close();
    const text = await readText(reader, "event: error\n");
    expect(text).toContain('data: "one"');
    expect(text).toContain("the daemon ends");
    expect((await reader.read()).done).toBe(true);
    expect(await stream.ended).toBe("closing");
    expect(source.open).toBe(0);
  });
});

describe("a reader that does not read", () => {
  test("of a live stream is cut off when one more item comes over the limit of bytes", async () => {
    const { source, stream, reader } = open("live", { unreadLimitBytes: 100_000 });
    for (let index = 0; index < 20; index++) source.push([kilobytes(10)]);
    expect(await stream.ended).toBe("cut-off");
    expect(source.taken).toBeLessThan(13);
    await waitFor("the source to end", () => source.open === 0);
    expect(reader.read()).rejects.toBeUndefined();
  });

  test("is cut off after the limit of time, also with little unread", async () => {
    const { source, stream } = open("live", { unreadLimitMs: 20 });
    source.push(["small"]);
    expect(await stream.ended).toBe("cut-off");
    await waitFor("the source to end", () => source.open === 0);
  });

  test("of a paced stream makes the source wait, then is cut off by time", async () => {
    const { source, stream } = open("paced", { unreadLimitBytes: 100_000, unreadLimitMs: 50 });
    for (let index = 0; index < 20; index++) source.push([kilobytes(100)]);
    expect(await stream.ended).toBe("cut-off");
    expect(source.taken).toBe(0);
  });

  test("of a download has the longer limit", async () => {
    const { stream } = open("download", { unreadLimitMs: 1, downloadLimitMs: 60 });
    const beginMs = performance.now();
    expect(await stream.ended).toBe("cut-off");
    expect(performance.now() - beginMs).toBeGreaterThan(55);
  });

  test("who reads a little all the time is not cut off", async () => {
    const { source, stream, reader } = open("live", { unreadLimitMs: 500, unreadLimitBytes: 10_000_000 });
    source.push([kilobytes(2_000)]);
    source.end();
    let end: StreamEnd | undefined;
    void stream.ended.then((how) => {
      end = how;
    });
    for (let slices = 0; !(await reader.read()).done; slices++) if (slices % 10 === 0) await new Promise(setImmediate);
    await stream.ended;
    expect(end).toBe("finished");
  });
});

describe("a reader that goes away", () => {
  test("ends the source at once, also while it waits", async () => {
    const { source, stream, reader } = open("live");
    await readText(reader, ": muster");
    await reader.cancel();
    expect(await stream.ended).toBe("left");
    await waitFor("the source to end", () => source.open === 0);
  });

  test("while the last words are read ends the stream all the same", async () => {
    const { source, stream, reader } = open("live");
    source.end();
    await readText(reader, ": muster");
    await reader.cancel();
    expect(["left", "finished"]).toContain(await stream.ended);
  });

  test("before it began leaves nothing", async () => {
    const source = new ScriptedSource<readonly string[]>();
    const abort = new AbortController();
    abort.abort();
    const stream = new OutgoingStream({
      source: serverSentEvents({ event: "word", pace: "live", values: source.read(abort.signal) }),
      limits: STREAM_LIMITS,
      abort,
      describeFailure: () => ({ code: "", message: "", data: {} }),
    });
    expect(await stream.ended).toBe("left");
    expect(source.open).toBe(0);
  });
});
