import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CgroupRoot } from "../../src/platform/cgroup.ts";
import { readGeneration } from "../../src/platform/shim/generation-directory.ts";
import { type Generation, TestRun } from "../../src/platform/shim/testing/test-run.ts";
import { EventReceiver } from "../../test/support/event-receiver.ts";
import { Datagrams } from "./datagrams.ts";
import { saidOf, segmentsOf, speaking } from "./events.ts";

const [SIGKILL, SIGTERM, SIGCONT, SIGSTOP] = [9, 15, 18, 19];
const ECONNREFUSED = 111;

/** A FIFO in the directory where the programs of these tests begin. */
function gate(run: TestRun, name = "gate"): { open(): void } {
  const path = join(run.directory, name);
  run.libc.mkfifo(path, 0o600);
  return { open: () => writeFileSync(path, "go\n") };
}

function stateOf(pid: number): string | undefined {
  return /^\d+ \(.*\) ([A-Z])/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1];
}

/** Lets nothing be read until what `script` says is sent and its senders have ended. */
async function saidWhileHeld(run: TestRun, script: string): Promise<Generation> {
  const begin = gate(run, "begin");
  const generation = run.shell(`read x < begin; ${script}; : > done; read x < end; exit 0`, speaking(run));
  const end = gate(run, "end");
  await generation.ring("claim");
  run.kill(generation.shimPid(), SIGSTOP);
  begin.open();
  await run.until("the script", () => existsSync(join(run.directory, "done")));
  run.kill(generation.shimPid(), SIGCONT);
  await run.until("the words", () => segmentsOf(generation).length > 0);
  end.open();
  await generation.ring("empty");
  return generation;
}

describe("who speaks", () => {
  test("is the main process, its tree, or a stranger of the same user", async () => {
    await using run = new TestRun();
    using datagrams = new Datagrams(run.libc);
    const orphan = gate(run);
    const spec = speaking(run);
    const script =
      "$SPEAK 'say child' barrier; (setsid $SPEAK 'gate gate' 'say orphan' barrier &); exec $SPEAK 'say main' 'gate end'";
    const end = gate(run, "end");
    const generation = run.shell(script, spec);
    await run.until("the main one", () => saidOf(generation).some(({ text }) => text === "main"));
    orphan.open();
    await run.until("the orphan", () => saidOf(generation).some(({ text }) => text === "orphan"));
    datagrams.send(spec.eventSocket, "stranger");
    await run.until("the stranger", () => saidOf(generation).length === 4);
    end.open();
    const senders = Object.fromEntries(saidOf(generation).map(({ text, sender }) => [text, sender]));
    expect(senders).toEqual({ child: "tree", orphan: "tree", main: "main", stranger: "stranger" });
    expect(saidOf(generation).at(-1)?.pid).toBe(process.pid);
  });

  test("is known of the tree's orphans when they have ended already, for they are not reaped before", async () => {
    await using run = new TestRun();
    const generation = await saidWhileHeld(
      run,
      "($SPEAK 'say a' 'mark sent' &); until [ -e sent ]; do sleep 0.01; done; sleep 0.05",
    );
    expect(saidOf(generation).map(({ text, sender }) => [text, sender])).toEqual([["a", "tree"]]);
  });

  test("is not known of one whose parent has reaped it before it was heard", async () => {
    await using run = new TestRun();
    const generation = await saidWhileHeld(run, "$SPEAK 'say a'");
    expect(saidOf(generation).map(({ text, sender }) => [text, sender])).toEqual([["a", "gone"]]);
  });

  test("is a stranger without a pid when it is outside of the pid namespace", async () => {
    await using outside = new TestRun({ bell: false });
    const shim = join(outside.directory, "inside");
    const program = join(import.meta.dir, `../bin/shim-${process.arch}`);
    const words = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
    if (!Bun.spawnSync([...words, "true"]).success) return console.log("skipped: no pid namespace can be made here");
    writeFileSync(shim, `#!/bin/sh\nexec ${words.join(" ")} ${program} "$@"\n`, { mode: 0o700 });
    await using run = new TestRun({ shim });
    using datagrams = new Datagrams(run.libc);
    const spec = speaking(run);
    const generation = run.start(["sleep", "60"], spec);
    const pid = await generation.programPid();
    datagrams.send(spec.eventSocket, `MAINPID=${pid + 1}`);
    await run.until("the word", () => saidOf(generation).length === 1);
    expect(saidOf(generation)[0]).toMatchObject({ pid: 0, sender: "stranger" });
    expect(readGeneration(generation.directory).main).toBeUndefined();
  });
});

test("who puts another socket in the place of a service's hears it, and speaks for nobody", async () => {
  await using run = new TestRun();
  using datagrams = new Datagrams(run.libc);
  const spec = speaking(run);
  const [begin, end] = [gate(run, "begin"), gate(run, "end")];
  const generation = run.shell("read x < begin; $SPEAK 'say READY=1'; read x < end", spec);
  await generation.ring("claim");
  const aside = `${spec.eventSocket}.aside`;
  renameSync(spec.eventSocket, aside);
  await using thief = await EventReceiver.start(spec.eventSocket);
  begin.open();
  expect((await thief.next()).text).toBe("READY=1");
  datagrams.send(aside, "READY=1");
  await run.until("the stranger", () => saidOf(generation).length === 1);
  expect(saidOf(generation).map(({ sender }) => sender)).toEqual(["stranger"]);
  end.open();
  await generation.ring("empty");
});

describe("MAINPID", () => {
  test("names a child that outlives its parent: its exit is then that of the service, and exact", async () => {
    await using run = new TestRun();
    const first = gate(run);
    const script = 'sleep 60 & $SPEAK "say MAINPID=$!" barrier; read x < gate; exit 3';
    const generation = run.shell(script, speaking(run));
    const { main } = await generation.ring("main");
    expect(readGeneration(generation.directory).main).toEqual(main);
    expect(readFileSync(`/proc/${main.pid}/cmdline`, "latin1")).toStartWith("sleep");
    const old = await generation.programPid();
    first.open();
    await run.until("the end of the old one", () => !existsSync(`/proc/${old}`));
    run.kill(main.pid, SIGTERM);
    await generation.ring("empty");
    expect((await generation.ring("exit")).exit).toMatchObject({ kind: "signal", signal: SIGTERM });
    expect(generation.lines.map((record) => record.kind)).toEqual(["claim", "said", "main", "exit", "empty"]);
    expect(saidOf(generation).map(({ sender }) => sender)).toEqual(["tree"]);
  });

  test("names one whose end only its parent can tell: then it is unknown", async () => {
    await using run = new TestRun();
    const end = gate(run);
    const script = "sh -c 'sleep 60 & $SPEAK \"say MAINPID=$!\" barrier; wait; read x < gate'; exit 4";
    const generation = run.shell(script, speaking(run));
    const { main } = await generation.ring("main");
    run.kill(main.pid, SIGTERM);
    expect((await generation.ring("exit")).exit.kind).toBe("unknown");
    end.open();
    await generation.ring("empty");
    expect(generation.lines.filter((record) => record.kind === "exit").length).toBe(1);
    expect(readGeneration(generation.directory).exit?.kind).toBe("unknown");
  });

  test("names one whose parent ends with it: then its exit is exact all the same", async () => {
    await using run = new TestRun();
    const script = "sh -c 'echo $$; sleep 60 & $SPEAK \"say MAINPID=$!\" barrier; wait'; exit 4";
    const generation = run.shell(script, speaking(run));
    const { main } = await generation.ring("main");
    const parent = Number(generation.out().split("\n")[0]);
    run.kill(parent, SIGSTOP);
    await run.until("the stop", () => stateOf(parent) === "T");
    run.kill(main.pid, SIGTERM);
    run.kill(parent, SIGKILL);
    await generation.ring("empty");
    expect((await generation.ring("exit")).exit).toMatchObject({ kind: "signal", signal: SIGTERM });
  });

  test("may be the last word of the old one", async () => {
    await using run = new TestRun();
    const begin = gate(run, "begin");
    const script = "sleep 60 & echo $!; exec $SPEAK 'gate begin' \"say MAINPID=$!\" 'exit 5'";
    const generation = run.shell(script, speaking(run));
    await run.until("the child", () => generation.out().endsWith("\n"));
    const pid = await generation.programPid();
    run.kill(generation.shimPid(), SIGSTOP);
    begin.open();
    await run.until("its end", () => stateOf(pid) === "Z");
    run.kill(generation.shimPid(), SIGCONT);
    expect((await generation.ring("main")).main.pid).toBe(Number(generation.out()));
    expect(saidOf(generation).map(({ sender }) => sender)).toEqual(["main"]);
    run.kill(Number(generation.out()), SIGKILL);
    await generation.ring("empty");
    expect((await generation.ring("exit")).exit).toMatchObject({ kind: "signal", signal: SIGKILL });
  });

  test("counts from the main process alone where only that is to be heard", async () => {
    await using run = new TestRun();
    const end = gate(run);
    const script =
      'sleep 60 & echo $!; $SPEAK "say MAINPID=$!" barrier; read x < gate; exec $SPEAK "say MAINPID=$!" \'exit 5\'';
    const generation = run.shell(script, { ...speaking(run), eventAccess: "main" });
    await run.until("the barrier", () => generation.out().endsWith("barrier\n"));
    expect(saidOf(generation).map(({ sender }) => sender)).toEqual(["tree"]);
    expect(readGeneration(generation.directory).main).toBeUndefined();
    end.open();
    const child = (await generation.ring("main")).main.pid;
    expect(child).toBe(Number(generation.out().split("\n")[0]));
    run.kill(child, SIGKILL);
    await generation.ring("empty");
  });

  test("that names no living process of the tree, or the present one, or comes from a stranger, changes nothing", async () => {
    await using run = new TestRun();
    using datagrams = new Datagrams(run.libc);
    const spec = speaking(run);
    const values = [process.pid, 1, 0, -1, "x", "", "12x", "99999999999999999999", 4_000_000, "$$", "$ended"];
    const says = values.map((value) => `"say MAINPID=${value}"`).join(" ");
    const script = `sleep 0 & ended=$!; wait; sleep 60 & echo $!; $SPEAK ${says} "say A=1
MAINPID" "long 70000 MAINPID=$!
X=" barrier; read x < gate; exit 6`;
    const end = gate(run);
    const generation = run.shell(script, spec);
    await run.until("the barrier", () => generation.out().endsWith("barrier\n"));
    const child = generation.out().split("\n")[0];
    datagrams.send(spec.eventSocket, `MAINPID=${child}`);
    await run.until("the words", () => saidOf(generation).length === values.length + 3);
    expect(readGeneration(generation.directory).main).toBeUndefined();
    end.open();
    expect((await generation.ring("exit")).exit).toMatchObject({ kind: "code", code: 6 });
    expect(generation.lines.some((record) => record.kind === "main")).toBe(false);
    run.kill(Number(child), SIGKILL);
    await generation.ring("empty");
  });
});

describe("a later shim", () => {
  /** The shim is killed; what is said meanwhile is refused; the next one serves the same path. */
  async function replaceShim(run: TestRun, generation: Generation, path: string): Promise<void> {
    using datagrams = new Datagrams(run.libc);
    const killed = generation.shimPid();
    run.kill(killed, SIGKILL);
    await run.until("gone", () => run.reports.some(({ directory }) => directory === generation.directory));
    expect(datagrams.send(path, "nobody hears this")).toBe(-ECONNREFUSED);
    run.launcher.adopt(generation.directory);
    await run.until("the next shim", () => generation.shimPid() !== killed);
  }

  test("serves the same path, goes on in a new segment, and knows the program's tree", async () => {
    await using run = new TestRun();
    using datagrams = new Datagrams(run.libc);
    const spec = speaking(run);
    const steps = ["a", "b"].map((name) => gate(run, name));
    const script =
      "(setsid $SPEAK 'gate b' 'say orphan' barrier &); $SPEAK 'say before' barrier 'gate a' 'say child' barrier; read x < end";
    const end = gate(run, "end");
    const generation = run.shell(script, spec);
    await run.until("the first word", () => generation.out().includes("barrier\n"));
    await replaceShim(run, generation, spec.eventSocket);
    for (const step of steps) step.open();
    await run.until("the words", () => saidOf(generation).length === 3);
    datagrams.send(spec.eventSocket, "stranger");
    await run.until("the stranger", () => saidOf(generation).length === 4);
    expect(segmentsOf(generation)).toEqual([1, 2]);
    const senders = Object.fromEntries(saidOf(generation).map(({ text, sender }) => [text, sender]));
    expect(senders).toEqual({ before: "tree", child: "tree", orphan: "stranger", stranger: "stranger" });
    end.open();
    expect((await generation.ring("exit")).exit.kind).toBe("unknown");
    await run.until("its end", () => !existsSync(spec.eventSocket));
  });

  test("knows the tree by its cgroup where it has one", async () => {
    await using run = new TestRun();
    const root = CgroupRoot.open(run.directory);
    if (!root.ok) return console.log(`skipped: ${root.error}`);
    const made = root.value.create("test.1");
    try {
      const spec = speaking(run, { cgroups: made.ok ? [made.value.directory] : [] });
      const orphan = gate(run);
      const generation = run.shell("(setsid $SPEAK 'gate gate' 'say orphan' barrier &); exec sleep 60", spec);
      await generation.ring("claim");
      await replaceShim(run, generation, spec.eventSocket);
      orphan.open();
      await run.until("the word", () => saidOf(generation).length === 1);
      expect(saidOf(generation)[0]?.sender).toBe("tree");
      if (made.ok) made.value.kill();
      await generation.ring("exit");
    } finally {
      root.value.removeEmpty();
    }
  });

  test("watches the main process that was named last, and lets it name another", async () => {
    await using run = new TestRun();
    const spec = speaking(run);
    const more = gate(run);
    const script =
      'sh -c \'sleep 60 & read x < gate; $SPEAK "say MAINPID=$!" barrier; exec sleep 60\' & $SPEAK "say MAINPID=$!" barrier; exec sleep 60';
    const generation = run.shell(script, spec);
    const { main } = await generation.ring("main");
    await replaceShim(run, generation, spec.eventSocket);
    run.kill(await generation.programPid(), SIGKILL);
    more.open();
    const second = await run.until("the second", () => {
      const now = readGeneration(generation.directory).main;
      return now?.pid === main.pid ? undefined : now;
    });
    expect(generation.lines.some((record) => record.kind === "exit")).toBe(false);
    run.kill(main.pid, SIGKILL);
    run.kill(second.pid, SIGKILL);
    expect((await generation.ring("exit")).exit.kind).toBe("unknown");
    expect(generation.lines.filter((record) => record.kind === "exit").length).toBe(1);
  });
});
