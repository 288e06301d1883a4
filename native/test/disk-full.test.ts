import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readGeneration } from "../../src/platform/shim/generation-directory.ts";
import { TestRun } from "../../src/platform/shim/testing/test-run.ts";

const SIZE_BYTES = 4 << 20;
const BALLAST_BYTES = 3_600_000;
const PAGE_BYTES = 4_096;

/** A small file system of our own; undefined where none may be mounted. */
async function mountSmall(run: TestRun) {
  const directory = join(run.directory, "small");
  mkdirSync(directory);
  const mounted = await Bun.$`mount -t tmpfs -o size=${SIZE_BYTES} tmpfs ${directory}`.nothrow().quiet();
  if (mounted.exitCode !== 0) return undefined;
  const ballast = join(directory, "ballast");
  writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES));
  return {
    log: join(directory, "test.log"),
    makeRoom: () => rmSync(ballast),
    async [Symbol.asyncDispose]() {
      await Bun.$`umount -l ${directory}`.quiet();
    },
  };
}

const SKIPPED = "skipped: no file system can be mounted here";

function lostInIndex(logPath: string): number {
  const bytes = readFileSync(`${logPath}.idx`);
  let lost = 0;
  for (let at = 0; at < bytes.length; at += 32) {
    if (bytes.readUInt32LE(at + 20) === 1) lost += Number(bytes.readBigUInt64LE(at + 24));
  }
  return lost;
}

describe("a full disk", () => {
  test("with `drop` holds nobody up; the loss is counted to the byte, and writing goes on when there is room", async () => {
    await using run = new TestRun();
    await using small = await mountSmall(run);
    if (!small) return console.log(SKIPPED);
    const script =
      "head -c 2000000 /dev/zero; echo full > mark; while [ -e small/ballast ]; do sleep 0.01; done; sleep 1.1; echo after";
    const generation = run.shell(script, { directory: run.directory }, { outPath: small.log, errPath: null });
    await run.until("the program to get past it", () =>
      statSync(join(run.directory, "mark"), { throwIfNoEntry: false }),
    );
    small.makeRoom();
    expect((await generation.ring("resumed")).stream).toBe("out");
    await generation.ring("empty");
    const written = readFileSync(small.log);
    const total = generation.lines.findLast((record) => record.kind === "lost")?.lost.outBytes ?? 0;
    expect(total).toBeGreaterThan(1_000_000);
    expect(written.length + total).toBe(2_000_000 + "after\n".length);
    expect(written.subarray(-6).toString()).toBe("after\n");
    expect(lostInIndex(small.log)).toBe(total);
  });

  test("with `wait` makes the program wait, and loses nothing", async () => {
    await using run = new TestRun();
    await using small = await mountSmall(run);
    if (!small) return console.log(SKIPPED);
    const generation = run.start(["seq", "1", "400000"], {}, { outPath: small.log, errPath: null, onFull: "wait" });
    await run.until("the disk to be full", () => (statSync(small.log, { throwIfNoEntry: false })?.size ?? 0) > 400_000);
    expect(generation.lines.some((record) => record.kind === "exit")).toBe(false);
    small.makeRoom();
    await generation.ring("empty");
    expect(generation.lines.some((record) => record.kind === "lost")).toBe(false);
    const numbers = readFileSync(small.log, "latin1").trimEnd().split("\n");
    expect(numbers.length).toBe(400_000);
    expect(numbers.every((text, index) => text === String(index + 1))).toBe(true);
  });

  test("at the start does not keep a program from running", async () => {
    await using run = new TestRun();
    await using small = await mountSmall(run);
    if (!small) return console.log(SKIPPED);
    const pages = SIZE_BYTES / PAGE_BYTES - Math.ceil(BALLAST_BYTES / PAGE_BYTES);
    writeFileSync(join(run.directory, "small/more"), Buffer.alloc(pages * PAGE_BYTES));
    const generation = run.shell("echo gone; exit 3", {}, { outPath: small.log, errPath: null });
    await generation.ring("empty");
    expect((await generation.ring("exit")).exit).toMatchObject({ code: 3 });
    expect((await generation.ring("lost")).lost).toEqual({ outBytes: 5, errBytes: 0 });
  });
});

test("a full run directory delays the records of an end, and loses none", async () => {
  await using run = new TestRun();
  const instances = join(run.directory, "instances");
  mkdirSync(instances);
  const mounted = await Bun.$`mount -t tmpfs -o size=256k tmpfs ${instances}`.nothrow().quiet();
  if (mounted.exitCode !== 0) return console.log(SKIPPED);
  try {
    run.libc.mkfifo(join(run.directory, "gate"), 0o600);
    const generation = run.shell("read x < gate; exit 6", { directory: run.directory });
    await generation.ring("claim");
    const ballast = join(instances, "ballast");
    await Bun.$`head -c 1000000 /dev/zero > ${ballast}`.nothrow().quiet();
    writeFileSync(join(run.directory, "gate"), "go\n");
    await generation.ring("exit");
    expect(readGeneration(generation.directory).exit).toBeUndefined();
    rmSync(ballast);
    await generation.ring("empty");
    expect(readGeneration(generation.directory)).toMatchObject({ exit: { code: 6 }, empty: { kind: "proved" } });
  } finally {
    await Bun.$`umount -l ${instances}`.quiet();
  }
});
