import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packLog } from "./pack.ts";
import type { StreamPlace } from "./places.ts";
import { type RelaySink, StdoutRelay } from "./relay.ts";
import { placeIn, sourcesOf, systemClock, temporaryDirectories } from "./testing/collect.ts";
import { LogWriter } from "./testing/log-writer.ts";

const temporary = temporaryDirectories();

/** A sink that a test can hold up, and that tells when so many bytes have come. */
class ScriptedSink implements RelaySink {
  text = "";
  private readonly waiters: { length: number; resolve: () => void }[] = [];
  gate: Promise<void> = Promise.resolve();

  async write(bytes: Uint8Array): Promise<void> {
    await this.gate;
    this.text += Buffer.from(bytes).toString();
    for (const waiter of this.waiters) if (this.text.length >= waiter.length) waiter.resolve();
  }

  until(length: number): Promise<void> {
    if (this.text.length >= length) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ length, resolve }));
  }
}

function relayOf(directory: string, places: readonly StreamPlace[], sink: RelaySink, warnings: string[] = []) {
  const relay = new StdoutRelay({
    clock: systemClock(),
    sink,
    statePath: join(directory, "relay.json"),
    streams: () => sourcesOf(places),
    warn: (message) => void warnings.push(message),
  });
  relay.start();
  return relay;
}

function numbered(name: string, from: number, to: number): string {
  let text = "";
  for (let line = from; line <= to; line++) text += `${name} ${line}\n`;
  return text;
}

describe("StdoutRelay", () => {
  test("copies the bytes of all streams, in whole lines, over rotation and packing", async () => {
    const directory = temporary();
    using web = new LogWriter(placeIn(directory, "web"));
    using api = new LogWriter(placeIn(directory, "api"));
    const sink = new ScriptedSink();
    const relay = relayOf(directory, [web.place, api.place], sink);
    web.write(numbered("web", 1, 2_000));
    await packLog(web.rotate());
    web.write(`${numbered("web", 2_001, 4_000)}web, in two`, 1);
    api.write(numbered("api", 1, 3_000));
    web.write(" pieces\n");
    await sink.until(
      numbered("web", 1, 4_000).length + numbered("api", 1, 3_000).length + "web, in two pieces\n".length,
    );
    await relay.close();
    const lines = sink.text.split("\n");
    expect(lines.filter((line) => line.startsWith("web")).join("\n")).toBe(
      `${numbered("web", 1, 4_000)}web, in two pieces`,
    );
    expect(lines.filter((line) => line.startsWith("api")).join("\n")).toBe(numbered("api", 1, 3_000).trimEnd());
  });

  test("the next daemon goes on where this one ended, also behind packed files", async () => {
    const directory = temporary();
    using web = new LogWriter(placeIn(directory));
    const first = new ScriptedSink();
    const one = relayOf(directory, [web.place], first);
    web.write("1\n2\n");
    await first.until(4);
    web.write("3, un");
    await one.close();
    web.write("finished\n4\n");
    await packLog(web.rotate());
    web.write("5\n", 1);
    const second = new ScriptedSink();
    const two = relayOf(directory, [web.place], second);
    await second.until("finished\n4\n5\n".length);
    await two.close();
    expect(first.text + second.text).toBe("1\n2\n3, unfinished\n4\n5\n");
  });

  test("holds what was not taken, and lets it go when it was", async () => {
    const directory = temporary();
    using web = new LogWriter(placeIn(directory), Date.now());
    const sink = new ScriptedSink();
    let open = () => {};
    sink.gate = new Promise((resolve) => {
      open = resolve;
    });
    web.write("1\n");
    const relay = relayOf(directory, [web.place], sink);
    const path = web.write("2\n").rotate();
    web.write("3\n", 1_000);
    while (!relay.isHeld("web.1.out.log", path)) await new Promise((resolve) => setImmediate(resolve));
    open();
    await sink.until(6);
    while (relay.isHeld("web.1.out.log", path)) await new Promise((resolve) => setImmediate(resolve));
    const released = !relay.isHeld("web.1.out.log", path);
    await relay.close();
    expect(released).toBe(true);
    expect(relay.isHeld("other.1.out.log", path)).toBe(false);
  });

  test("a sink that takes nothing does not hold up the end, nor is anything noted as taken", async () => {
    const directory = temporary();
    using web = new LogWriter(placeIn(directory));
    const sink = new ScriptedSink();
    sink.gate = new Promise(() => {});
    web.write("1\n");
    const relay = relayOf(directory, [web.place], sink);
    await relay.close(20);
    const next = new ScriptedSink();
    const again = relayOf(directory, [web.place], next);
    await next.until(2);
    await again.close();
    expect(next.text).toBe("1\n");
  });

  test("a closed sink ends the copying and is said once", async () => {
    const directory = temporary();
    using web = new LogWriter(placeIn(directory));
    web.write("1\n");
    const warnings: string[] = [];
    const sink = { write: () => Promise.reject(new Error("EPIPE")) };
    const relay = relayOf(directory, [web.place], sink, warnings);
    while (warnings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await relay.close();
    expect(warnings).toEqual([expect.stringContaining("EPIPE")]);
    expect(relay.isHeld("web.1.out.log", web.rotate())).toBe(false);
  });

  test("a line longer than 64 KiB is not held in memory nor broken by another stream", async () => {
    const directory = temporary();
    using web = new LogWriter(placeIn(directory, "web"));
    using api = new LogWriter(placeIn(directory, "api"));
    api.write("api\n".repeat(10));
    const long = `${"x".repeat(400_000)}\n`;
    web.write(long);
    const sink = new ScriptedSink();
    const relay = relayOf(directory, [web.place, api.place], sink);
    await sink.until(long.length + 40);
    await relay.close();
    expect(sink.text).toContain(long);
    expect(sink.text.length).toBe(long.length + 40);
  });

  test("a state file that is damaged means: from the beginning of the generation", async () => {
    const directory = temporary();
    using web = new LogWriter(placeIn(directory));
    web.write("1\n");
    await Bun.write(join(directory, "relay.json"), '{"web.1.out.log": {"offset": "far"}, "x": 3');
    const sink = new ScriptedSink();
    const relay = relayOf(directory, [web.place], sink);
    await sink.until(2);
    await relay.close();
    expect(JSON.parse(readFileSync(join(directory, "relay.json"), "utf8"))["web.1.out.log"].offset).toBe(2);
  });
});
