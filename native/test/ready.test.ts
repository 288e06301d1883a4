import { describe, expect, test } from "bun:test";
import { closeSync, existsSync, openSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readGeneration } from "../../src/platform/shim/generation-directory.ts";
import { TestRun } from "../../src/platform/shim/testing/test-run.ts";
import { speaking } from "./events.ts";

const SIGKILL = 9;
const [EINVAL, EBADF] = [22, 9];
const RLIMIT_NOFILE = 7;

/** How many pipes a process has open. */
function pipesOf(pid: number): number {
  const targets = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      // Closed since it was listed: the bell is open only while it is rung.
      return [];
    }
  });
  return targets.filter((target) => target.startsWith("pipe:")).length;
}

describe("the descriptor for readiness", () => {
  test("takes the first newline, whatever stands before it, and is closed then", async () => {
    await using run = new TestRun();
    run.libc.mkfifo(join(run.directory, "gate"), 0o600);
    const script = "printf 'almost' >&3; read x < gate; printf 'there\\nagain\\n' >&3; kill -STOP $$";
    const generation = run.shell(script, { readyFd: 3, directory: run.directory });
    await generation.ring("claim");
    const pipes = () => pipesOf(generation.shimPid());
    expect(pipes()).toBe(1);
    const before = Date.now();
    expect(readGeneration(generation.directory).ready).toBeUndefined();
    writeFileSync(join(run.directory, "gate"), "go\n");
    const { ready } = await generation.ring("ready");
    expect(ready.wallMs).toBeGreaterThanOrEqual(before);
    expect(Math.abs(ready.monotonicMs - run.clock.monotonicMs())).toBeLessThan(5_000);
    expect(readGeneration(generation.directory).ready).toEqual(ready);
    expect(pipes()).toBe(0);
    expect(generation.lines.filter((record) => record.kind === "ready").length).toBe(1);
  });

  test("ends no program that goes on writing when nobody reads any more", async () => {
    await using run = new TestRun();
    const gates = ["heard", "killed"].map((name) => join(run.directory, name));
    for (const gate of gates) run.libc.mkfifo(gate, 0o600);
    const spec = { readyFd: 3, directory: run.directory };
    const heard = run.shell("echo >&3; read x < heard; echo >&3; exit 7", spec);
    const killed = run.shell("read x < killed; echo >&3; echo alive; kill -STOP $$", spec);
    await heard.ring("ready");
    writeFileSync(gates[0] ?? "", "go\n");
    expect((await heard.ring("exit")).exit).toMatchObject({ kind: "code", code: 7 });
    await killed.ring("claim");
    const shim = killed.shimPid();
    run.kill(shim, SIGKILL);
    await run.until("gone", () => run.reports.length === 1);
    run.launcher.adopt(killed.directory);
    await run.until("the next shim", () => killed.shimPid() !== shim);
    writeFileSync(gates[1] ?? "", "go\n");
    await run.until("the word", () => killed.out() === "alive\n");
    expect(readGeneration(killed.directory).ready).toBeUndefined();
  });

  test("is kept while no daemon is there, and stands before the end", async () => {
    await using run = new TestRun({ bell: false });
    const silent = run.shell("echo >&3; exit 3", { readyFd: 3 });
    await run.until("its end", () => existsSync(join(silent.directory, "empty")));
    expect(readGeneration(silent.directory).ready).toBeDefined();
    run.openBell();
    const generation = run.shell("echo >&3; exit 3", { readyFd: 3 });
    await generation.ring("empty");
    expect(generation.lines.map((record) => record.kind)).toEqual(["claim", "ready", "exit", "empty"]);
  });

  test("that ends without a newline says nothing", async () => {
    await using run = new TestRun();
    const generation = run.shell("printf no >&3; exec 3>&-; echo closed; kill -STOP $$", { readyFd: 3 });
    await run.until("the word", () => generation.out() === "closed\n");
    const hasPipe = () =>
      readdirSync(`/proc/${generation.shimPid()}/fd`).some((fd) =>
        readlinkSync(`/proc/${generation.shimPid()}/fd/${fd}`).startsWith("pipe:"),
      );
    await run.until("its end", () => !hasPipe());
    expect(readGeneration(generation.directory).ready).toBeUndefined();
    expect(generation.lines.map((record) => record.kind)).toEqual(["claim"]);
  });

  test("may have any number, also one that the shim itself uses, and nothing else stays open", async () => {
    await using run = new TestRun();
    const numbers = Array.from({ length: 24 }, (_, index) => index + 3);
    const script = "echo > /proc/self/fd/$NUMBER; ls /proc/$$/fd; echo >&2 err";
    const generations = numbers.map((readyFd) => {
      const spec = speaking(run, { readyFd, environment: { NUMBER: String(readyFd) } });
      return { readyFd, generation: run.shell(script, spec) };
    });
    for (const { readyFd, generation } of generations) {
      await generation.ring("empty");
      const open = generation.out().trim().split("\n").map(Number);
      expect(open.sort((a, b) => a - b)).toEqual([0, 1, 2, readyFd]);
      expect(generation.err()).toBe("err\n");
      await generation.ring("ready");
    }
  });

  test("goes beside descriptors that are handed over", async () => {
    await using run = new TestRun();
    const spec = { readyFd: 5, directory: run.directory };
    const generation = run.prepare(["/bin/sh", "-c", 'readlink /proc/$$/fd/3; echo >&5; echo "$LISTEN_FDS"'], spec);
    const file = openSync("/dev/null", "r");
    run.launcher.launch(generation.directory, [file, file]);
    closeSync(file);
    await generation.ring("empty");
    await generation.ring("ready");
    expect(generation.out()).toBe("/dev/null\n2\n");
  });

  test("that is one of those, or more than the program may have, makes the start fail", async () => {
    await using run = new TestRun();
    const handed = run.prepare(["true"], { readyFd: 4 });
    const file = openSync("/dev/null", "r");
    run.launcher.launch(handed.directory, [file, file]);
    closeSync(file);
    const limits = [{ resource: RLIMIT_NOFILE, soft: 20, hard: 20 }];
    const beyond = run.start(["true"], { readyFd: 20, limits });
    for (const [generation, errno] of [
      [handed, EINVAL],
      [beyond, EBADF],
    ] as const) {
      await generation.ring("empty");
      expect((await generation.ring("failed")).failed).toEqual({ step: "descriptor", errno });
    }
    const standard = run.start(["true"], { readyFd: 2 });
    await standard.ring("empty");
    expect((await standard.ring("failed")).failed).toEqual({ step: "spec", errno: EINVAL });
  });
});
