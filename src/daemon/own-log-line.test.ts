import { describe, expect, test } from "bun:test";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { openLibc } from "../platform/libc.ts";
import { writeOwnLogLine } from "./own-log-line.ts";

function fifo(path: string): Disposable & { read(): string } {
  openLibc().mkfifo(path, 0o600);
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(100_000);
  return {
    read: () => buffer.toString("utf8", 0, readSync(descriptor, buffer)),
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

describe("a line for a service's own log", () => {
  test("goes to its standard error, or to the one stream that there is", () => {
    using place = temporaryDirectory("own-log");
    using out = fifo(place.file("out"));
    expect(writeOwnLogLine(place.path, "info: merged")).toBe(true);
    expect(out.read()).toBe("info: merged\n");
    using error = fifo(place.file("err"));
    expect(writeOwnLogLine(place.path, "info: apart")).toBe(true);
    expect(error.read()).toBe("info: apart\n");
  });

  test("is cut at a character where it would not be taken at once", () => {
    using place = temporaryDirectory("own-log");
    using out = fifo(place.file("out"));
    expect(writeOwnLogLine(place.path, "ü".repeat(5_000))).toBe(true);
    expect(out.read()).toMatch(/^ü{2040,2048}…\n$/);
  });

  test("is not taken, and waits for nobody, where it finds no room or nobody reads", () => {
    using place = temporaryDirectory("own-log");
    expect(writeOwnLogLine(place.path, "x")).toBe(false);
    using _out = fifo(place.file("out"));
    let taken = 0;
    while (taken < 1_000 && writeOwnLogLine(place.path, "x".repeat(4_000))) taken++;
    expect(taken).toBeGreaterThan(1);
    expect(taken).toBeLessThan(1_000);
  });
});
