import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PENDING_SIGNAL_VARIABLE, startGuard } from "../../src/platform/shim/init.ts";
import { TestRun } from "../../src/platform/shim/testing/test-run.ts";

const [SIGINT, SIGTERM, SIGUSR2] = [2, 15, 12];

/** What stands for a daemon: a script that counts its starts in `starts`, a line each. */
function daemonOf(run: TestRun, script: string): string[] {
  const path = join(run.directory, "daemon.sh");
  writeFileSync(
    path,
    `cd ${run.directory}\necho "$$ $(date +%s%N) $${PENDING_SIGNAL_VARIABLE}" >> starts\nstart=$(wc -l < starts)\n${script}`,
  );
  return ["/bin/sh", path];
}

function starts(run: TestRun): string[][] {
  const path = join(run.directory, "starts");
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split(" "));
}

function guard(run: TestRun, script: string): number {
  const [name = "", value = ""] = run.mark.split("=");
  const environment = { PATH: process.env.PATH, [name]: value };
  return startGuard(run.program, { runDirectory: run.directory, command: daemonOf(run, script), environment });
}

const over = (pid: number) => () =>
  !existsSync(`/proc/${pid}/environ`) || readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z");

describe("the guard", () => {
  test("starts again at once, then later each time, until the daemon ends in order", async () => {
    await using run = new TestRun();
    const pid = guard(run, "case $start in 1) kill -9 $$;; 2) exit 1;; 3) kill -SEGV $$;; *) echo 0 > ended;; esac");
    await run.until("the guard's end", over(pid));
    const times = starts(run).map(([, time]) => Number(time) / 1e6);
    expect(times.length).toBe(4);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps[0]).toBeLessThan(90);
    expect(gaps[1]).toBeGreaterThanOrEqual(99);
    expect(gaps[2]).toBeGreaterThanOrEqual(199);
    expect(gaps[2]).toBeLessThan(1_000);
  });

  test("takes no word of an earlier daemon for the end of this one", async () => {
    await using run = new TestRun();
    writeFileSync(join(run.directory, "ended"), "0\n");
    const pid = guard(run, "[ $start -eq 2 ] && echo 0 > ended; kill -9 $$");
    await run.until("the guard's end", over(pid));
    expect(starts(run).length).toBe(2);
  });

  test("has its own session, and its daemon no blocked signal", async () => {
    await using run = new TestRun();
    const pid = guard(run, "grep SigBlk /proc/self/status > mask; : > up; read x < nothing || sleep 60");
    await run.until("the daemon", () => existsSync(join(run.directory, "up")));
    expect(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ")[3]).toBe(String(pid));
    expect(readFileSync(join(run.directory, "mask"), "utf8")).toMatch(/\t0{16}\n/);
  });

  test("forwards signals, and hands on one that killed a daemon before it could take it", async () => {
    await using run = new TestRun();
    const pid = guard(
      run,
      '[ $start -eq 2 ] && trap "echo usr2 > took" USR2 && trap "echo 0 > ended; exit 0" INT\n: > up$start\nwhile :; do sleep 0.01; done',
    );
    await run.until("the first daemon", () => existsSync(join(run.directory, "up1")));
    run.kill(pid, SIGTERM);
    await run.until("the second daemon", () => existsSync(join(run.directory, "up2")));
    expect(starts(run).map(([, , pending]) => pending)).toEqual(["", String(SIGTERM)]);
    run.kill(pid, SIGUSR2);
    await run.until("the signal", () => existsSync(join(run.directory, "took")));
    run.kill(pid, SIGINT);
    await run.until("the guard's end", over(pid));
  });
});

describe("init", () => {
  function init(run: TestRun, script: string) {
    const command = daemonOf(run, script);
    return Bun.spawn(
      [
        "unshare",
        "--pid",
        "--fork",
        "--mount-proc",
        "--kill-child",
        run.program.path.replace(/^.*$/, copyOf(run)),
        "init",
        run.directory,
        "--",
        ...command,
      ],
      {
        env: { PATH: process.env.PATH ?? "" },
        stdout: "pipe",
        stderr: "pipe",
      },
    );
  }

  /** `/proc/<pid>/fd` of out here is not there in the new namespace. */
  function copyOf(run: TestRun): string {
    const path = join(run.directory, "shim");
    writeFileSync(path, readFileSync(run.program.path), { mode: 0o700 });
    return path;
  }

  async function permitted(): Promise<boolean> {
    if ((await Bun.$`unshare --pid --fork --mount-proc true`.nothrow().quiet()).exitCode === 0) return true;
    console.log("skipped: no pid namespace can be made here");
    return false;
  }

  test("is pid 1: reaps orphans, starts the daemon again, ends with its code", async () => {
    if (!(await permitted())) return;
    await using run = new TestRun();
    const script = `
      [ $start -eq 1 ] && kill -9 $$
      echo $PPID > parent
      i=0; while [ $i -lt 20 ]; do (setsid true &); i=$((i+1)); done
      sleep 0.1; grep -l '^State:.Z' /proc/[0-9]*/status > zombies
      echo 7 > ended; exit 7`;
    const child = init(run, script);
    expect(await child.exited).toBe(7);
    expect(starts(run).length).toBe(2);
    expect(readFileSync(join(run.directory, "parent"), "utf8")).toBe("1\n");
    expect(readFileSync(join(run.directory, "zombies"), "utf8")).toBe("");
  });

  test("is what a runtime that finds itself to be pid 1 becomes", async () => {
    if (!(await permitted())) return;
    await using run = new TestRun();
    const fixture = join(import.meta.dir, "init.fixture.ts");
    const child = Bun.spawn(["unshare", "--pid", "--fork", "--mount-proc", process.execPath, fixture, run.directory], {
      env: { PATH: process.env.PATH ?? "", GREETING: "hello" },
      stderr: "pipe",
    });
    expect(await child.exited).toBe(9);
    expect(readFileSync(join(run.directory, "said"), "utf8")).toBe("1 hello");
  });

  test("forwards TERM to the daemon once", async () => {
    if (!(await permitted())) return;
    await using run = new TestRun();
    const script = `trap 'echo term >> took; echo 3 > ended; sleep 0.05; exit 3' TERM; cut -d' ' -f4 /proc/1/stat > up; while :; do sleep 0.01; done`;
    const child = init(run, script);
    await run.until(
      "the daemon",
      () => existsSync(join(run.directory, "up")) && readFileSync(join(run.directory, "up"), "utf8") !== "",
    );
    const inits = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "latin1").trim();
    run.kill(Number(inits), SIGTERM);
    expect(await child.exited).toBe(3);
    expect(readFileSync(join(run.directory, "took"), "utf8")).toBe("term\n");
  });
});
