import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packLog } from "./pack.ts";
import type { StreamPlace } from "./places.ts";
import { type RelaySink, StdoutRelay } from "./relay.ts";
import { listSegments } from "./segments.ts";
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

  test("while the files are rotated and packed at full speed each line comes once and in order, over two daemons", async () => {
    const directory = temporary();
    const total = 60_000;
    const place = placeIn(directory);
    const script = join(import.meta.dir, "testing/racing-writer.ts");
    const child = Bun.spawn([process.execPath, script, directory, String(total), "2000"], { stderr: "inherit" });
    const first = new ScriptedSink();
    const one = relayOf(directory, [place], first);
    let packing = true;
    const packer = (async () => {
      while (packing) {
        for (const segment of await listSegments(place)) {
          if (segment.stamp !== null && segment.packing === "plain") await packLog(segment.path);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await first.until(300_000);
    await one.close();
    const second = new ScriptedSink();
    const two = relayOf(directory, [place], second);
    let expected = "";
    for (let line = 1; line <= total; line++) expected += `${line} of a line that is written at full speed\n`;
    await second.until(expected.length - first.text.length);
    await two.close();
    packing = false;
    await Promise.all([packer, child.exited]);
    expect(first.text + second.text === expected).toBe(true);
  });

  test("gives the rest of a stream that is not wanted any more", async () => {
    const directory = temporary();
    using web = new LogWriter(placeIn(directory, "web"));
    using api = new LogWriter(placeIn(directory, "api"));
    const places = [web.place, api.place];
    const sink = new ScriptedSink();
    const relay = relayOf(directory, places, sink);
    web.write("web 1\n");
    await sink.until(6);
    const gate = Promise.withResolvers<void>();
    sink.gate = gate.promise;
    api.write("api\n");
    web.write("web 2\nweb 3, its last words");
    places.shift();
    gate.resolve();
    await sink.until("web 1\napi\nweb 2\nweb 3, its last words".length);
    expect(sink.text.replace("api\n", "")).toBe("web 1\nweb 2\nweb 3, its last words");
    await relay.close();
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

describe("StdoutSink", () => {
  test("a pipe whose reader has gone rejects, and does not end the process", async () => {
    const script = `
      import { StdoutSink } from ${JSON.stringify(join(import.meta.dir, "stdout-sink.ts"))};
      using sink = new StdoutSink(process.stdout);
      await sink.write(Buffer.from("ready"));
      for (;;) {
        try { await sink.write(Buffer.alloc(65536)); } catch (fault) { console.error(fault.code); break; }
      }
    `;
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    expect((await new Response(child.stderr).text()).trim()).toBe("EPIPE");
    expect(await child.exited).toBe(0);
  });

  test("a pipe that is full holds up the write and not the process", async () => {
    const script = `
      import { StdoutSink } from ${JSON.stringify(join(import.meta.dir, "stdout-sink.ts"))};
      using sink = new StdoutSink(process.stdout);
      let taken = 0;
      const writing = (async () => { for (let n = 0; n < 8; n++) { await sink.write(Buffer.alloc(65536)); taken++; } })();
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
      console.error(taken < 8 ? "held up" : "not held up");
      await writing;
      console.error("all taken");
    `;
    // The reader of the pipe waits until it is told to go on.
    const pipeline = 'exec 3<&0; "$0" -e "$1" | { head -n 1 <&3 >/dev/null; wc -c; }';
    const child = Bun.spawn(["sh", "-c", pipeline, process.execPath, script], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    const told = child.stderr.getReader();
    const decoder = new TextDecoder();
    expect(decoder.decode((await told.read()).value).trim()).toBe("held up");
    child.stdin.write("go\n");
    child.stdin.end();
    expect((await new Response(child.stdout).text()).trim()).toBe(String(8 * 65_536));
    expect(decoder.decode((await told.read()).value).trim()).toBe("all taken");
    await child.exited;
  });
});
