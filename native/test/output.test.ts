import { describe, expect, test } from "bun:test";
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { readGeneration, writeEmptySeen } from "../../src/platform/shim/generation-directory.ts";
import { type Generation, TestRun } from "../../src/platform/shim/testing/test-run.ts";

const [SIGHUP, SIGKILL, SIGUSR1, SIGTERM] = [1, 9, 10, 15];
const MB = 1_000_000;
const KIND = { time: 0, lost: 1, begin: 2 };

interface IndexRecord {
  readonly offset: number;
  readonly timeMs: number;
  readonly generation: number;
  readonly kind: number;
  readonly value: number;
}

function indexOf(path: string): IndexRecord[] {
  const bytes = readFileSync(`${path}.idx`);
  expect(bytes.length % 32).toBe(0);
  return Array.from({ length: bytes.length / 32 }, (_, index) => ({
    offset: Number(bytes.readBigUInt64LE(index * 32)),
    timeMs: Number(bytes.readBigUInt64LE(index * 32 + 8)) / 1e6,
    generation: bytes.readUInt32LE(index * 32 + 16),
    kind: bytes.readUInt32LE(index * 32 + 20),
    value: Number(bytes.readBigUInt64LE(index * 32 + 24)),
  }));
}

/** The rotated files of a log in their order, then the log itself. */
function filesOf(logPath: string, directory = dirname(logPath)): string[] {
  const rotated = readdirSync(directory, { recursive: true })
    .map(String)
    .filter((name) => /\.log\.\d{8}T\d{6}\.\d{9}Z$/.test(name) && basename(name).startsWith(basename(logPath)))
    .sort();
  return [...rotated.map((name) => join(directory, name)), logPath];
}

/** Compares with what `seq 1 last` writes: each number once, in order. */
async function expectNumbers(files: readonly string[], last: number): Promise<void> {
  const compared = Bun.spawn(
    ["/bin/sh", "-c", `seq 1 ${last} > "$0.want"; cat "$@" | cmp - "$0.want"`, `${files[0]}`, ...files],
    {
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const said = (await new Response(compared.stdout).text()) + (await new Response(compared.stderr).text());
  expect([await compared.exited, said]).toEqual([0, ""]);
}

/** The size of what `seq 1 last` writes. */
function bytesOfNumbers(last: number): number {
  let bytes = 0;
  for (let first = 1, digits = 1; first <= last; first *= 10, digits++) {
    bytes += (Math.min(last + 1, first * 10) - first) * (digits + 1);
  }
  return bytes;
}

/** A FIFO that a program waits at until the test writes to it. */
function openGate(run: TestRun, name = "gate"): string {
  const path = join(run.directory, name);
  run.libc.mkfifo(path, 0o600);
  return path;
}

describe("output", () => {
  test("arrives whole, binary as it is, with an index beside", async () => {
    await using run = new TestRun();
    const source = join(run.directory, "source");
    writeFileSync(source, crypto.getRandomValues(new Uint8Array(60_000)));
    const before = Date.now();
    const generation = run.shell(`cat ${source} ${source} ${source}; cat ${source} >&2`, { generation: 1 });
    await generation.ring("empty");
    const once = readFileSync(source);
    expect(readFileSync(generation.log.outPath).equals(Buffer.concat([once, once, once]))).toBe(true);
    expect(readFileSync(generation.log.errPath ?? "").equals(once)).toBe(true);
    expect(statSync(generation.log.outPath).mode & 0o777).toBe(0o600);
    const [first, ...rest] = indexOf(generation.log.outPath);
    expect(first).toMatchObject({ kind: KIND.begin, value: statSync(generation.log.outPath).ino, generation: 1 });
    expect(rest.length).toBeGreaterThan(0);
    for (const record of rest) {
      expect(record.kind).toBe(KIND.time);
      expect(record.timeMs).toBeGreaterThanOrEqual(before - 1);
      expect(record.timeMs).toBeLessThanOrEqual(Date.now() + 1);
    }
  });

  test("merged keeps its exact order", async () => {
    await using run = new TestRun();
    const generation = run.shell("for i in 1 2 3 4 5 6 7 8; do echo o$i; echo e$i >&2; done", {}, { errPath: null });
    await generation.ring("empty");
    expect(generation.out()).toBe([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `o${n}\ne${n}\n`).join(""));
    expect(readdirSync(generation.directory)).not.toContain("err");
  });

  test("of 64 MiB without a newline passes through no memory", async () => {
    await using run = new TestRun();
    const generation = run.shell(
      `head -c 67108864 /dev/zero; kill -STOP $$`,
      {},
      { sizeBytes: 20 * MB, errPath: null },
    );
    await generation.ring("claim");
    const sizes = () =>
      filesOf(generation.log.outPath).map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    await run.until("all of it", () => sizes().reduce((sum, size) => sum + size, 0) === 67_108_864);
    for (const size of sizes().slice(0, -1)) {
      expect(size).toBeGreaterThanOrEqual(20 * MB + 65_536);
      expect(size).toBeLessThan(20 * MB + 2 * 65_536);
    }
    const status = readFileSync(`/proc/${generation.shimPid()}/smaps_rollup`, "latin1");
    expect(Number(/Private_Dirty:\s+(\d+) kB/.exec(status)?.[1])).toBeLessThan(60);
  });

  test("may be written through /dev/stdout, by another user too", async () => {
    await using run = new TestRun();
    if (process.getuid?.() !== 0) return console.log("skipped: only root can start a program as another user");
    const generation = run.shell("id -u > /dev/stdout; echo two > /proc/self/fd/2", {
      uid: 65534,
      gid: 65534,
      groups: [],
    });
    await generation.ring("empty");
    expect([generation.out(), generation.err()]).toEqual(["65534\n", "two\n"]);
  });

  test("goes on after the program closed its own, from those that still have it", async () => {
    await using run = new TestRun();
    const [gate, end] = [openGate(run), openGate(run, "end")];
    const generation = run.shell(`exec 3>&1 1>&- 2>&-; read x < ${gate}; echo back >&3; exec 3>&-; read x < ${end}`);
    await generation.ring("claim");
    const shim = generation.shimPid();
    writeFileSync(gate, "go\n");
    await run.until("the line", () => generation.out() === "back\n");
    const switches = () =>
      Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${shim}/status`, "latin1"))?.[1]);
    const before = switches();
    await Bun.sleep(150);
    expect(switches() - before).toBeLessThan(8); // it does not spin on the hang-up
    writeFileSync(end, "go\n");
    expect((await generation.ring("empty")).empty.kind).toBe("proved");
  });

  test("of orphans is taken until the last of them is gone", async () => {
    await using run = new TestRun();
    const gate = openGate(run);
    const generation = run.shell(`(read x < ${gate}; seq 1 100000) & exit 3`);
    await generation.ring("exit");
    writeFileSync(gate, "go\n");
    await generation.ring("empty");
    await expectNumbers([generation.log.outPath], 100_000);
  });

  test("goes on in new files when log, index and FIFO were removed by hand", async () => {
    await using run = new TestRun();
    const gate = openGate(run);
    const generation = run.shell(`echo one; while read x; do echo $x; done < ${gate}`);
    const writer = openSync(gate, constants.O_RDWR);
    await run.until("the first line", () => generation.out() === "one\n");
    rmSync(generation.log.outPath);
    rmSync(join(generation.directory, "out"));
    writeSync(writer, "two\n");
    await run.until("the second line", () => generation.out() === "two\n");
    rmSync(`${generation.log.outPath}.idx`);
    await Bun.sleep(15); // an index record is due every 10 ms
    writeSync(writer, "three\n");
    await run.until("the third line", () => generation.out() === "two\nthree\n");
    expect(indexOf(generation.log.outPath)[0]).toMatchObject({ kind: KIND.begin, offset: 4 });
    closeSync(writer);
  });

  test("is moved together when it comes in small pieces, and soon all the same", async () => {
    await using run = new TestRun();
    const generation = run.shell(
      "i=0; while [ $i -lt 40 ]; do echo $i; i=$((i+1)); sleep 0.005; done; kill -STOP $$",
      {},
      { errPath: null },
    );
    await run.until("all lines", () => generation.out().endsWith("39\n"));
    const status = readFileSync(`/proc/${generation.shimPid()}/status`, "latin1");
    expect(Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])).toBeLessThan(60);
  });
});

describe("rotation", () => {
  test("at full speed splits no line and loses none", async () => {
    await using run = new TestRun();
    const generation = run.start(["seq", "1", "3000000"], {}, { sizeBytes: MB });
    await generation.ring("empty");
    const files = filesOf(generation.log.outPath);
    expect(files.length).toBeGreaterThan(20);
    for (const file of files.slice(0, -1)) {
      const { size, mode, ino } = statSync(file);
      expect(size).toBeGreaterThanOrEqual(MB);
      expect(size).toBeLessThan(MB + 8);
      expect(mode & 0o777).toBe(0o400);
      expect(indexOf(file)[0]).toMatchObject({ kind: KIND.begin, value: ino, offset: 0 });
    }
    expect(generation.lines.filter((record) => record.kind === "rotated").map((record) => record.path)).toEqual(
      files.slice(0, -1),
    );
    await expectNumbers(files, 3_000_000);
  });

  test("goes to the archive by year and month, and stays beside where that is another file system", async () => {
    await using run = new TestRun();
    const archive = join(run.directory, "deep/archive");
    const near = run.start(["seq", "1", "3000"], {}, { sizeBytes: 10_000, archive });
    await near.ring("empty");
    const files = filesOf(near.log.outPath, archive);
    expect(files[0]).toMatch(/\/deep\/archive\/20\d\d\/[01]\d\/test\.1\.out\.log\.20\d{6}T\d{6}\.\d{9}Z$/);
    await expectNumbers(files, 3_000);
    const far = run.start(["seq", "1", "3000"], {}, { sizeBytes: 10_000, archive: "/dev/shm/muster-test-archive" });
    await far.ring("empty");
    await expectNumbers(filesOf(far.log.outPath), 3_000);
    rmSync("/dev/shm/muster-test-archive", { recursive: true, force: true });
  });

  test("of a log that two generations share for a moment loses nothing of either", async () => {
    await using run = new TestRun();
    const outPath = join(run.directory, "logs/shared.out.log");
    const settings = { outPath, errPath: null, sizeBytes: 100_000 };
    const [digits, letters] = [
      run.shell("head -c 2000000 /dev/zero | tr '\\0' 1 | fold -w 99", {}, settings),
      run.shell("head -c 2000000 /dev/zero | tr '\\0' a | fold -w 99", {}, settings),
    ];
    await digits.ring("empty");
    await letters.ring("empty");
    let [ones, as] = [0, 0];
    for (const path of filesOf(outPath)) {
      for (const byte of readFileSync(path)) {
        if (byte === 49) ones++;
        else if (byte === 97) as++;
      }
    }
    expect([ones, as]).toEqual([2_000_000, 2_000_000]);
  });

  test("by order comes at once at a line's end, and within a second inside one", async () => {
    await using run = new TestRun();
    const generation = run.shell("echo whole; printf part >&2; kill -STOP $$");
    await run.until("the output", () => generation.out() === "whole\n" && generation.err() === "part");
    run.kill(generation.shimPid(), SIGUSR1);
    await run.until(
      "both rotations",
      () => generation.lines.filter((record) => record.kind === "rotated").length === 2,
    );
    expect(generation.out() + generation.err()).toBe("");
    run.kill(generation.shimPid(), SIGUSR1); // an empty log is not rotated
    run.kill(-(await generation.programPid()), SIGKILL);
    await generation.ring("empty");
    expect(generation.lines.filter((record) => record.kind === "rotated").length).toBe(2);
    expect(filesOf(generation.log.errPath ?? "").map((path) => readFileSync(path, "latin1"))).toEqual(["part", ""]);
  });

  test("follows new settings after HUP", async () => {
    await using run = new TestRun();
    const gate = openGate(run);
    const generation = run.shell(`seq 1 1000; read x < ${gate}; seq 1001 2000`);
    await run.until("the first half", () => generation.out().endsWith("1000\n"));
    const text = readFileSync(join(generation.directory, "log"), "latin1").replace("size 0", "size 5000");
    writeFileSync(join(generation.directory, "log.new"), text, "latin1");
    await Bun.$`mv ${generation.directory}/log.new ${generation.directory}/log`.quiet();
    run.kill(generation.shimPid(), SIGHUP);
    writeFileSync(gate, "go\n");
    await generation.ring("empty");
    expect(generation.lines.some((record) => record.kind === "rotated")).toBe(true);
    await expectNumbers(filesOf(generation.log.outPath), 2_000);
  });
});

describe("adoption", () => {
  async function killShim(run: TestRun, generation: Generation): Promise<void> {
    const gone = run.reports.length;
    const pid = generation.shimPid();
    run.kill(pid, SIGKILL);
    await run.until("gone", () => run.reports.length > gone);
    run.launcher.adopt(generation.directory);
    await run.until(
      "the next shim",
      () => readGeneration(generation.directory).shim?.pid !== pid && generation.shimPid() > 0,
    );
  }

  test("loses, doubles and reorders nothing, however often the shim is killed", async () => {
    await using run = new TestRun();
    const gate = openGate(run);
    const last = 4_000_000;
    const script = `seq 1 ${last}; read x < ${gate}`;
    const generation = run.shell(script, {}, { sizeBytes: 3 * MB, errPath: null });
    await generation.ring("claim");
    const whole = () =>
      filesOf(generation.log.outPath).reduce(
        (sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
        0,
      );
    const expected = bytesOfNumbers(last);
    let kills = 0;
    while (whole() < expected) {
      await killShim(run, generation);
      kills++;
      const endMs = performance.now() + (kills % 7) * 0.7;
      while (performance.now() < endMs);
    }
    expect(kills).toBeGreaterThan(3);
    await expectNumbers(filesOf(generation.log.outPath), last);
    writeFileSync(gate, "go\n");
    await generation.ring("exit");
    expect(readGeneration(generation.directory).exit?.kind).toBe("unknown");
    await run.until("the shim's end", () => run.living().length === 0);
  });

  test("watches the program, and ends when nobody writes any more", async () => {
    await using run = new TestRun();
    const generation = run.shell("echo one; kill -STOP $$; echo two");
    await run.until("the first line", () => generation.out() === "one\n");
    await killShim(run, generation);
    const gone = run.reports.length;
    const pid = await generation.programPid();
    run.kill(pid, 18);
    await generation.ring("exit");
    expect(generation.lines.map((record) => record.kind)).toEqual(["claim", "exit"]);
    await run.until("gone", () => run.reports.length > gone);
    expect(generation.out()).toBe("one\ntwo\n");
    expect(readGeneration(generation.directory).empty).toBeUndefined();
  });

  test("finds the FIFOs by the program's descriptors when their names are gone", async () => {
    await using run = new TestRun();
    const gate = openGate(run);
    const generation = run.shell(`read x < ${gate}; echo out; echo err >&2; kill -STOP $$`);
    await generation.ring("claim");
    rmSync(join(generation.directory, "out"));
    rmSync(join(generation.directory, "err"));
    await killShim(run, generation);
    writeFileSync(gate, "go\n");
    await run.until("both lines", () => generation.out() === "out\n" && generation.err() === "err\n");
  });

  test("leaves on TERM once the daemon has seen that nothing is left", async () => {
    await using run = new TestRun();
    const generation = run.shell("echo one; exec sleep 60");
    await run.until("the line", () => generation.out() === "one\n");
    await killShim(run, generation);
    const shim = generation.shimPid();
    run.kill(shim, SIGTERM);
    run.kill(shim, SIGUSR1);
    await generation.ring("rotated"); // it took both signals and is still there
    expect(generation.shimPid()).toBe(shim);
    writeEmptySeen(generation.directory, { wallMs: 1, monotonicMs: 1 });
    await run.until("its end", () => !run.living().includes(shim));
  });

  test("of a generation without a claim, or with a void one, does nothing", async () => {
    await using run = new TestRun();
    const [none, empty] = [run.prepare(["true"]), run.prepare(["true"])];
    writeFileSync(join(empty.directory, "claim"), "void\n");
    for (const generation of [none, empty]) run.launcher.adopt(generation.directory);
    await run.until("both gone", () => run.reports.length === 2);
    expect(readGeneration(none.directory).exit ?? readGeneration(empty.directory).exit).toBeUndefined();
  });

  test("takes no stranger with the program's pid for the program", async () => {
    await using run = new TestRun();
    const generation = run.prepare(["true"]);
    const { bootId } = { bootId: readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim() };
    writeFileSync(join(generation.directory, "claim"), `${bootId} 1 ${process.pid} 1\n`);
    run.launcher.adopt(generation.directory);
    await run.until("gone", () => run.reports.length === 1);
    expect(readGeneration(generation.directory).exit?.kind).toBe("unknown");
  });
});

describe("the bell", () => {
  test("that nobody hears stops nothing", async () => {
    await using run = new TestRun({ bell: false });
    const generation = run.shell("exit 3");
    await run.until("emptiness", () => readGeneration(generation.directory).empty);
    await run.until("the shim's end", () => run.living().length === 0);
    expect(readGeneration(generation.directory).exit).toMatchObject({ code: 3 });
  });

  test("that is full is rung again with `look`", async () => {
    await using run = new TestRun({ bell: false });
    const path = join(run.directory, "bell");
    run.libc.mkfifo(path, 0o600);
    const bell = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    let filled = 0;
    try {
      for (;;) filled += writeSync(bell, `${"x".repeat(4_095)}\n`);
    } catch {}
    const generation = run.shell("exit 3");
    await run.until("emptiness", () => readGeneration(generation.directory).empty);
    expect(run.living()).toEqual([generation.shimPid()]);
    const bytes = Buffer.alloc(filled);
    let read = 0;
    while (read < filled) read += readSync(bell, bytes, 0, filled, null);
    await run.until("the shim's end", () => run.living().length === 0);
    const length = readSync(bell, bytes, 0, filled, null);
    expect(bytes.subarray(0, length).toString()).toBe("test.1/1 look\n");
    closeSync(bell);
  });

  test("is not needed: a generation directory that was removed lets the shim end", async () => {
    await using run = new TestRun();
    const generation = run.start(["sleep", "60"]);
    const pid = await generation.programPid();
    expect(readlinkSync(`/proc/${generation.shimPid()}/cwd`)).toBe(generation.directory);
    rmSync(generation.directory, { recursive: true });
    run.kill(pid, SIGKILL);
    await generation.ring("empty");
    expect((await generation.ring("exit")).exit).toMatchObject({ signal: SIGKILL });
    await run.until("the report", () => run.reports.length === 1);
  });
});
