import { describe, expect, test } from "bun:test";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLibc } from "../libc.ts";
import { until } from "../testing/children.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { Bell } from "./bell.ts";
import type { BellLine } from "./records.ts";

const libc = openLibc();

function open(prepare: (path: string) => void = () => {}) {
  const directory = mkdtempSync(join(tmpdir(), "muster-bell-"));
  const path = join(directory, "bell");
  prepare(path);
  const clock = new VirtualClock();
  const waiting: ((line: BellLine) => void)[] = [];
  let missed = 0;
  const bell = Bell.open(path, libc, clock, {
    onLine: (line) => waiting.shift()?.(line),
    onMissed: () => missed++,
  });
  return {
    path,
    clock,
    missed: () => missed,
    next: () => new Promise<BellLine>((resolve) => waiting.push(resolve)),
    ring(text: string) {
      const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(writer, text);
      closeSync(writer);
    },
    async [Symbol.asyncDispose]() {
      await bell.close();
      // The runtime closes its copy of the descriptor a moment after the stream was cancelled.
      await until(() => !readdirSync("/proc/self/fd").some((fd) => linkOf(fd).startsWith(path)));
      rmSync(directory, { recursive: true });
    },
  };
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

describe("the bell", () => {
  test("gives each line once, and skips what is none", async () => {
    await using bell = open();
    const [first, second] = [bell.next(), bell.next()];
    bell.ring("web.1/7 look\ngarbage\n\xff\nweb.1/");
    bell.ring("8 look\n");
    expect((await first).generation).toBe(7);
    expect((await second).generation).toBe(8);
  });

  test("is private to its user", async () => {
    await using bell = open();
    expect(statSync(bell.path).mode & 0o777).toBe(0o600);
  });

  test("takes the FIFO of an earlier daemon, and puts one in the place of anything else", async () => {
    await using again = open((path) => libc.mkfifo(path, 0o600));
    await using file = open((path) => writeFileSync(path, "no FIFO"));
    for (const bell of [again, file]) {
      const line = bell.next();
      bell.ring("web.1/7 look\n");
      expect((await line).instance).toBe("web.1");
    }
  });

  test("is made again within a second when it was removed", async () => {
    await using bell = open();
    rmSync(bell.path);
    bell.clock.advance(1_000);
    expect(bell.missed()).toBe(1);
    const line = bell.next();
    bell.ring("web.1/9 look\n");
    expect((await line).generation).toBe(9);
    bell.clock.advance(5_000);
    expect(bell.missed()).toBe(1);
  });
});
