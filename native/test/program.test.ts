import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readGeneration, voidClaim } from "../../src/platform/shim/generation-directory.ts";
import { type Generation, TestRun } from "../../src/platform/shim/testing/test-run.ts";

const SIGKILL = 9;
const SIGTERM = 15;
const [E2BIG, ENOENT, EACCES, EEXIST, EISDIR, EINVAL, ENOEXEC] = [7, 2, 13, 17, 21, 22, 8];
const RLIMIT_CORE = 4;
/** Signals whose default action does not end a process: CHLD, CONT, URG, WINCH; STOP and what stops. */
const HARMLESS = new Set([17, 18, 19, 20, 21, 22, 23, 28]);
const CORE_SIGNALS = new Set([3, 4, 5, 6, 7, 8, 11, 24, 25, 31]);
const ALL_SIGNALS = Array.from({ length: 64 }, (_, index) => index + 1);

describe("the end of a program", () => {
  test("is recorded with its exact code", async () => {
    await using run = new TestRun();
    const codes = [0, 1, 2, 3, 125, 126, 127, 128, 137, 143, 254, 255];
    const generations = codes.map((code) => run.shell(`exit ${code}`));
    for (const [index, generation] of generations.entries()) {
      expect((await generation.ring("exit")).exit).toMatchObject({ kind: "code", code: codes[index] });
      await generation.ring("empty");
    }
  });

  test("is recorded with its exact signal, whichever it was", async () => {
    await using run = new TestRun();
    const signals = ALL_SIGNALS.filter((signal) => !HARMLESS.has(signal));
    const limits = [{ resource: RLIMIT_CORE, soft: 0, hard: 0 }];
    const generations = signals.map(() => run.start(["sleep", "60"], { limits }));
    for (const [index, generation] of generations.entries()) {
      run.kill(await generation.programPid(), signals[index] ?? 0);
    }
    for (const [index, generation] of generations.entries()) {
      const { exit } = await generation.ring("exit");
      expect(exit).toMatchObject({ kind: "signal", signal: signals[index], coreDumped: false });
    }
  });

  test("says when the core was dumped", async () => {
    const pattern = readFileSync("/proc/sys/kernel/core_pattern", "utf8");
    if (pattern.startsWith("|")) return console.log("skipped: core dumps go to a program on this host");
    await using run = new TestRun();
    const limits = [{ resource: RLIMIT_CORE, soft: null, hard: null }];
    for (const signal of CORE_SIGNALS) {
      const generation = run.start(["sleep", "60"], { limits, directory: run.directory });
      run.kill(await generation.programPid(), signal);
      expect((await generation.ring("exit")).exit).toMatchObject({ kind: "signal", signal, coreDumped: true });
    }
  });
});

describe("a shim", () => {
  test("survives every signal that can be survived", async () => {
    await using run = new TestRun();
    const generation = run.start(["sleep", "60"]);
    const pid = await generation.programPid();
    const shim = readGeneration(generation.directory).shim;
    const [SIGCONT, SIGSTOP] = [18, 19];
    for (const signal of ALL_SIGNALS)
      if (signal !== SIGKILL && signal !== SIGSTOP) run.kill(generation.shimPid(), signal);
    run.kill(generation.shimPid(), SIGSTOP);
    run.kill(generation.shimPid(), SIGCONT);
    for (const signal of ALL_SIGNALS) if (signal !== SIGKILL && signal !== SIGSTOP) run.kill(run.launcher.pid, signal);
    run.kill(pid, SIGTERM);
    expect((await generation.ring("exit")).exit).toMatchObject({ kind: "signal", signal: SIGTERM });
    expect((await generation.ring("empty")).empty.kind).toBe("proved");
    expect(readGeneration(generation.directory).shim).toEqual(shim);
    await run.shell("exit 0").ring("empty");
    expect(run.lost).toBe(0);
  });

  test("is in no group or session with its program or the launcher", async () => {
    await using run = new TestRun();
    const generation = run.start(["sleep", "60"]);
    const program = await generation.programPid();
    const sessions = [program, generation.shimPid(), run.launcher.pid].map((pid) => {
      const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
      expect(fields[2]).toBe(String(pid)); // its group
      return fields[3];
    });
    expect(sessions).toEqual([program, generation.shimPid(), run.launcher.pid].map(String));
    run.kill(-program, SIGKILL);
    expect((await generation.ring("exit")).exit).toMatchObject({ signal: SIGKILL });
  });

  test("shows whose it is", async () => {
    await using run = new TestRun();
    const generation = run.start(["sleep", "60"], { name: "web:12" });
    await generation.ring("claim");
    const title = readFileSync(`/proc/${generation.shimPid()}/cmdline`, "latin1").replaceAll("\0", " ").trim();
    expect(title).toBe("muster-shim web:12");
    expect(readFileSync(`/proc/${generation.shimPid()}/comm`, "latin1")).toBe("muster-shim\n");
  });
});

describe("the tree", () => {
  test("is empty only when the last of it is gone, double forks with sessions of their own included", async () => {
    await using run = new TestRun();
    run.libc.mkfifo(join(run.directory, "gate"), 0o600);
    const generation = run.shell("(setsid sh -c 'setsid sh -c \"read x < gate; echo late\" & exit' &); exit 4", {
      directory: run.directory,
    });
    expect((await generation.ring("exit")).exit).toMatchObject({ code: 4 });
    writeFileSync(join(run.directory, "gate"), "go\n"); // waits for its reader: the orphan lives
    const { empty } = await generation.ring("empty");
    expect(empty.kind).toBe("proved");
    expect(generation.lines.map((record) => record.kind)).toEqual(["claim", "exit", "empty"]);
    expect(generation.out()).toBe("late\n");
  });

  test("may be a storm of forks", async () => {
    await using run = new TestRun();
    const generation = run.shell("i=0; while [ $i -lt 300 ]; do (echo $i &); i=$((i+1)); done; exit 5");
    await generation.ring("empty");
    expect((await generation.ring("exit")).exit).toMatchObject({ code: 5 });
    const numbers = generation.out().trim().split("\n").map(Number);
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, index) => index));
  });
});

describe("a start that fails", () => {
  const cases: [string, (run: TestRun) => Generation, string, number][] = [
    [
      "no program",
      (run) => run.prepare(["no-such-program"], { environment: { PATH: "/usr/bin:/bin" } }),
      "exec",
      ENOENT,
    ],
    ["no program at a path", (run) => run.prepare(["/no/such/program"]), "exec", ENOENT],
    ["an empty name", (run) => run.prepare([""]), "exec", ENOENT],
    ["a program that may not be run", (run) => run.prepare(["./plain"], { directory: run.directory }), "exec", EACCES],
    ["the same in PATH", (run) => run.prepare(["plain"], { environment: { PATH: run.directory } }), "exec", EACCES],
    ["a program in no known form", (run) => run.prepare(["./garbage"], { directory: run.directory }), "exec", ENOEXEC],
    ["too many words", (run) => run.prepare(["true", "x".repeat(200_000)]), "exec", E2BIG],
    ["no directory", (run) => run.prepare(["true"], { directory: "/no/such" }), "directory", ENOENT],
    ["no cgroup", (run) => run.prepare(["true"], { cgroups: ["/no/such"] }), "cgroup", ENOENT],
    [
      "no such limit",
      (run) => run.prepare(["true"], { limits: [{ resource: 99, soft: 1, hard: 1 }] }),
      "limit",
      EINVAL,
    ],
    [
      "soft above hard",
      (run) => run.prepare(["true"], { limits: [{ resource: 7, soft: 9, hard: 8 }] }),
      "limit",
      EINVAL,
    ],
    ["no log directory", (run) => run.prepare(["true"], {}, { outPath: "/no/such/log" }), "log", ENOENT],
    ["a directory as log", (run) => run.prepare(["true"], {}, { errPath: run.directory }), "log", EISDIR],
    ["a void claim", (run) => withFile(run, (directory) => void voidClaim(directory)), "claim", EEXIST],
    [
      "a FIFO that is there",
      (run) => withFile(run, (directory) => writeFileSync(join(directory, "out"), "")),
      "fifo",
      EEXIST,
    ],
    [
      "a spec of garbage",
      (run) => withFile(run, (directory) => writeFileSync(join(directory, "spec"), "garbage\0")),
      "spec",
      EINVAL,
    ],
    [
      "a spec cut short",
      (run) => withFile(run, (directory) => writeFileSync(join(directory, "spec"), "version 1\0name a\0arg tr")),
      "spec",
      EINVAL,
    ],
    [
      "an empty spec",
      (run) => withFile(run, (directory) => writeFileSync(join(directory, "spec"), "")),
      "spec",
      EINVAL,
    ],
    [
      "a newer spec",
      (run) => withFile(run, (directory) => writeFileSync(join(directory, "spec"), "version 2\0name a\0arg true\0")),
      "spec",
      EINVAL,
    ],
    [
      "log settings of garbage",
      (run) => withFile(run, (directory) => writeFileSync(join(directory, "log"), "out relative\0")),
      "log",
      EINVAL,
    ],
  ];

  test.each(cases)("for %s is recorded with its step", async (_name, prepare, step, errno) => {
    await using run = new TestRun();
    writeFileSync(join(run.directory, "plain"), "#!/bin/sh\n");
    writeFileSync(join(run.directory, "garbage"), "\0garbage");
    chmodSync(join(run.directory, "garbage"), 0o755);
    const generation = prepare(run);
    run.launcher.launch(generation.directory);
    await generation.ring("empty");
    expect((await generation.ring("failed")).failed).toEqual({ step: step as "exec", errno });
    expect(generation.lines.map((record) => record.kind).filter((kind) => kind !== "claim")).toEqual([
      "failed",
      "empty",
    ]);
    const records = readGeneration(generation.directory);
    expect(records.failed).toEqual({ step: step as "exec", errno });
    expect(records.exit).toBeUndefined();
    expect(run.reports).toEqual([]);
  });

  test("looks in the PATH of the program's own environment, and on past what it cannot use", async () => {
    await using run = new TestRun();
    const own = join(run.directory, "own");
    mkdirSync(own);
    writeFileSync(join(own, "my-program"), "#!/bin/sh\necho mine $0");
    chmodSync(join(own, "my-program"), 0o755);
    const generation = run.start(["my-program"], { environment: { PATH: `/no/such:/etc/passwd:${own}` } });
    await generation.ring("empty");
    expect(generation.out()).toBe(`mine ${own}/my-program\n`);
  });
});

function withFile(run: TestRun, change: (directory: string) => void): Generation {
  const generation = run.prepare(["true"]);
  change(generation.directory);
  return generation;
}

describe("the claim", () => {
  test("goes to the daemon or to the program, never to both", async () => {
    await using run = new TestRun();
    const counts = { void: 0, program: 0 };
    let delayMs = 0.2; // led to where both are about to win
    for (let round = 0; round < 120; round++) {
      const marker = join(run.directory, `ran-${round}`);
      const generation = run.prepare(["/bin/sh", "-c", `: > ${marker}`]);
      run.launcher.launch(generation.directory);
      const endMs = performance.now() + delayMs;
      while (performance.now() < endMs);
      const claim = voidClaim(generation.directory);
      await generation.ring("empty");
      expect(existsSync(marker)).toBe(claim?.kind === "program");
      expect(readGeneration(generation.directory).claim).toEqual(claim);
      expect(generation.lines.some((record) => record.kind === "failed")).toBe(claim?.kind === "void");
      if (claim) counts[claim.kind]++;
      delayMs = claim?.kind === "void" ? delayMs * 1.4 + 0.01 : delayMs * 0.8;
    }
    expect(Math.min(counts.void, counts.program)).toBeGreaterThan(0);
  });

  test("decides too when the shim is killed in any phase of a start", async () => {
    await using run = new TestRun();
    for (let round = 0; round < 60; round++) {
      const marker = join(run.directory, `ran-${round}`);
      const generation = run.prepare(["/bin/sh", "-c", `: > ${marker}; exec sleep 60`]);
      run.launcher.launch(generation.directory);
      const shim = await run.until("the shim", () => readGeneration(generation.directory).shim);
      const endMs = performance.now() + (round % 20) * 0.05;
      while (performance.now() < endMs);
      run.kill(shim.pid, SIGKILL);
      await run.until("gone", () => run.reports.some((report) => report.directory === generation.directory));
      const claim = voidClaim(generation.directory);
      if (claim?.kind === "program") {
        await run.until("the program", () => existsSync(marker));
        run.kill(claim.identity.pid, SIGKILL);
      } else {
        await run.until("the end of what was forked", () => run.living().length === 0);
        expect(existsSync(marker)).toBe(false);
      }
    }
  });
});
