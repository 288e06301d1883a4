import { describe, expect, test } from "bun:test";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readGeneration } from "./generation-directory.ts";
import { Launcher } from "./launcher.ts";
import { ShimProgram } from "./shim-program.ts";
import { TestRun } from "./testing/test-run.ts";

const SIGKILL = 9;
const ENAMETOOLONG = 36;

describe("the launcher", () => {
  test("starts a program, whose claim, end and emptiness are rung in order", async () => {
    await using run = new TestRun();
    const generation = run.shell("echo out; echo err >&2; exit 3");
    await generation.ring("empty");
    expect(generation.lines.map((record) => record.kind)).toEqual(["claim", "exit", "empty"]);
    expect((await generation.ring("exit")).exit).toMatchObject({ kind: "code", code: 3 });
    const records = readGeneration(generation.directory);
    expect(records.exit).toEqual((await generation.ring("exit")).exit);
    expect(records.empty).toMatchObject({ kind: "proved" });
    expect(records.claim).toEqual((await generation.ring("claim")).claim);
    expect([generation.out(), generation.err()]).toEqual(["out\n", "err\n"]);
    expect(run.reports).toEqual([]);
  });

  test("gives a program nothing that it must not have", async () => {
    await using run = new TestRun();
    const generation = run.shell(
      "ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/0; grep -E '^Sig(Blk|Ign)' /proc/self/status; umask; env",
      { umask: 0o27, environment: { ONLY: "this" } },
    );
    await generation.ring("empty");
    const lines = generation.out().trim().split("\n");
    expect(lines[0]).toBe("0 1 2 3 /dev/null"); // 3 is the directory that ls reads
    expect(lines.slice(1, 3).map((line) => line.replace(/\s+/, " "))).toEqual([
      "SigBlk: 0000000000000000",
      "SigIgn: 0000000000000000",
    ]);
    expect(lines[3]).toBe("0027");
    const names = lines.slice(4).map((line) => line.split("=")[0]);
    expect(names.sort()).toEqual(["MUSTER_TEST_MARK", "ONLY", "PATH", "PWD"]);
  });

  test("hands descriptors through; the shim keeps them open", async () => {
    await using run = new TestRun();
    const file = join(run.directory, "handed");
    writeFileSync(file, "from outside\n");
    const [first, second] = [openSync(file, "r"), openSync("/dev/null", "r")];
    const generation = run.prepare(["/bin/sh", "-c", 'cat <&3; echo "$LISTEN_FDS $LISTEN_PID $$"; kill -STOP $$']);
    run.launcher.launch(generation.directory, [first, second]);
    closeSync(first);
    closeSync(second);
    const pid = await generation.programPid();
    await run.until("the output", () => generation.out().includes(`2 ${pid} ${pid}\n`));
    expect(generation.out()).toStartWith("from outside\n");
    expect(readlinkSync(`/proc/${generation.shimPid()}/fd/3`)).toBe(file);
    expect(readlinkSync(`/proc/${generation.shimPid()}/fd/4`)).toBe("/dev/null");
    const own = readdirSync(`/proc/${generation.shimPid()}/fd`).map((fd) =>
      readlinkSync(`/proc/${generation.shimPid()}/fd/${fd}`),
    );
    expect(own.filter((target) => target.startsWith("socket:"))).toEqual([]);
  });

  test("names the program in WATCHDOG_PID beside a WATCHDOG_USEC, and only there", async () => {
    await using run = new TestRun();
    const words = ["/bin/sh", "-c", 'echo "$LISTEN_FDS $WATCHDOG_USEC $WATCHDOG_PID $$"; kill -STOP $$'];
    const watched = run.prepare(words, { environment: { WATCHDOG_USEC: "1000" } });
    const plain = run.prepare(words, { environment: { NO_WATCHDOG_USEC: "1000" } });
    const file = openSync("/dev/null", "r");
    run.launcher.launch(watched.directory, [file]);
    run.launcher.launch(plain.directory);
    closeSync(file);
    const [pid, other] = [await watched.programPid(), await plain.programPid()];
    await run.until("the output", () => watched.out() === `1 1000 ${pid} ${pid}\n` && plain.out() === `   ${other}\n`);
  });

  test("takes many orders at once, more than its socket holds", async () => {
    await using run = new TestRun();
    const generations = Array.from({ length: 150 }, () => run.prepare(["/bin/true"]));
    const file = openSync("/dev/null", "r");
    for (const generation of generations) {
      for (let index = 0; index < 4; index++) run.launcher.watch(join(run.directory, "nobody"), process.pid, 1);
      run.launcher.launch(generation.directory, [file]);
    }
    closeSync(file);
    for (const generation of generations) await generation.ring("empty");
    expect(generations.every((generation) => generation.lines.some((line) => line.kind === "exit"))).toBe(true);
  });

  test("reports a shim that was killed, and what cannot be done", async () => {
    await using run = new TestRun();
    const generation = run.shell("read x");
    run.launcher.launch(join(run.directory, "instances/none/1"));
    run.launcher.launch(join(run.directory, "x".repeat(2_400)));
    expect(() => run.launcher.launch(generation.directory, [9_999])).toThrow("not open");
    const sleeper = run.start(["sleep", "60"]);
    await sleeper.ring("claim");
    run.kill(sleeper.shimPid(), SIGKILL);
    const gone = (directory: string) =>
      run.until(`gone ${directory}`, () =>
        run.reports.some((report) => report.kind === "gone" && report.directory === directory),
      );
    await gone(sleeper.directory);
    await gone(join(run.directory, "instances/none/1"));
    expect(run.reports).toContainEqual({
      kind: "fault",
      directory: join(run.directory, "x".repeat(2_400)),
      errno: ENAMETOOLONG,
    });
  });

  test("watches a shim of an earlier launcher; what it launched outlives it", async () => {
    await using run = new TestRun();
    const generation = run.start(["sleep", "60"]);
    await generation.ring("claim");
    run.kill(run.launcher.pid, SIGKILL);
    await run.until("the loss", () => run.lost === 1);
    const shim = readGeneration(generation.directory).shim;
    run.startLauncher();
    run.launcher.watch(generation.directory, shim?.pid ?? 0, (shim?.startTicks ?? 0) + 1);
    await run.until("a stranger's report", () => run.reports.length === 1);
    run.launcher.watch(generation.directory, shim?.pid ?? 0, shim?.startTicks ?? 0);
    run.kill(await generation.programPid(), SIGKILL);
    await generation.ring("empty");
    await run.until("gone", () => run.reports.length === 2);
    expect(run.reports[1]).toEqual({ kind: "gone", directory: generation.directory });
  });

  test("takes a run directory with spaces in its name", async () => {
    await using run = new TestRun({ within: "a b  c" });
    const generation = run.start(["sleep", "60"]);
    const pid = await generation.programPid();
    const shim = readGeneration(generation.directory).shim;
    run.launcher.watch(generation.directory, shim?.pid ?? 0, shim?.startTicks ?? 0);
    run.kill(pid, SIGKILL);
    await generation.ring("empty");
    await run.until("gone", () => run.reports.length === 1);
    expect(run.reports).toEqual([{ kind: "gone", directory: generation.directory }]);
  });

  test("ends when it is closed, and takes no orders then", async () => {
    await using run = new TestRun();
    const { launcher } = run;
    await launcher.close();
    launcher.launch(run.directory);
    expect(existsSync(`/proc/${launcher.pid}`)).toBe(false);
    expect(run.lost).toBe(0);
  });

  test("says when the program cannot be run", async () => {
    await using run = new TestRun();
    const calls = { memfdCreate: () => -1, write: () => -1, close: () => 0 };
    const spare = join(run.directory, "spare");
    using program = ShimProgram.open(calls, spare);
    expect(program.path).toBe(spare);
    const launcher = Launcher.start(run.libc, program, { onReport: () => {}, onLost: () => {} });
    await launcher.close();
    writeFileSync(spare, "not a program");
    expect(() => Launcher.start(run.libc, program, { onReport: () => {}, onLost: () => {} })).toThrow();
    expect(readFileSync(spare, "utf8")).toBe("not a program");
  });
});
