import { describe, expect, test } from "bun:test";
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Generation, TestRun } from "../../src/platform/shim/testing/test-run.ts";
import { Datagrams } from "./datagrams.ts";
import { recordsOf, saidOf, segmentsOf, speaker, speaking } from "./events.ts";

const [SIGKILL, SIGTERM, SIGCONT, SIGSTOP] = [9, 15, 18, 19];
const O_CLOEXEC = 0o2000000;
const PIPE_BYTES = 65_536;
const WORD = "MUSTER_ID=alert\nMUSTER_MESSAGE=";
const HEARD = "empty 1 1\n";
const UNHEARD = "empty 0 0\n";

function gate(run: TestRun, name: string): { readonly path: string; open(): void } {
  const path = join(run.directory, name);
  run.libc.mkfifo(path, 0o600);
  return { path, open: () => writeFileSync(path, "go\n") };
}

/** From this process, with a pipe. */
class Question {
  private readonly run: TestRun;
  private readonly reading: number;

  constructor(run: TestRun, path: string, text: string) {
    const ends = new Int32Array(2);
    run.libc.pipe2(ends, O_CLOEXEC);
    const [reading = -1, writing = -1] = ends;
    using datagrams = new Datagrams(run.libc);
    if (datagrams.send(path, text, [writing]) < 0) throw new Error("it was not taken");
    run.libc.close(writing);
    this.run = run;
    this.reading = reading;
  }

  /** Waits until nobody has the other end. */
  answer(): "1" | "none" {
    this.run.libc.pollOne(this.reading, 0, -1);
    const bytes = this.run.libc.read(this.reading, new Uint8Array(8));
    this.run.libc.close(this.reading);
    return bytes === 1 ? "1" : "none";
  }
}

describe("a pipe that comes with a word of muster", () => {
  test("gets a byte when that is on file, from the main process and from its tree", async () => {
    await using run = new TestRun();
    const words = [`'ask empty ${WORD}a'`, "'ask empty MUSTER_TOKEN=abcd\nREADY=1'"].join(" ");
    const generation = run.shell(`$SPEAK ${words}; exec $SPEAK ${words}`, speaking(run));
    await generation.ring("empty");
    expect(generation.out()).toBe(HEARD.repeat(4));
    expect(saidOf(generation).map(({ sender }) => sender)).toEqual(["tree", "tree", "main", "main"]);
  });

  test("gets none from a stranger, though his word is kept", async () => {
    await using run = new TestRun();
    const spec = speaking(run);
    const generation = run.start(["sleep", "60"], spec);
    await generation.ring("claim");
    expect(new Question(run, spec.eventSocket, WORD).answer()).toBe("none");
    expect(saidOf(generation).map(({ sender }) => sender)).toEqual(["stranger"]);
  });

  test("gets none with words that are no word of muster: who sends them may mean it for another end", async () => {
    await using run = new TestRun();
    const texts = ["BARRIER=1", "FDSTORE=1", "READY=1\nMUSTER_TOKEN=abcd", "MUSTER", ""];
    const generation = run.start(speaker(...texts.map((text) => `ask empty ${text}`)), speaking(run));
    await generation.ring("empty");
    expect(generation.out()).toBe(UNHEARD.repeat(texts.length));
  });

  test("gets none where it is full, no pipe, or not alone; and nothing is held up by it", async () => {
    await using run = new TestRun();
    const orders = ["full", "socket", "twice", "empty"].map((kind) => `ask ${kind} ${WORD}${kind}`);
    const generation = run.start(speaker(...orders), speaking(run));
    await generation.ring("empty");
    expect(generation.out()).toBe(`full ${PIPE_BYTES} 0\nsocket 0 0\ntwice 0 0\n${HEARD}`);
    expect(saidOf(generation).length).toBe(4);
  });

  test("that nobody reads any more does the shim no harm", async () => {
    await using run = new TestRun();
    using datagrams = new Datagrams(run.libc);
    const begin = gate(run, "begin");
    const spec = speaking(run);
    const generation = run.start(speaker(`gate ${begin.path}`, `ask empty ${WORD}`), spec);
    await generation.ring("claim");
    const ends = new Int32Array(2);
    run.libc.pipe2(ends, O_CLOEXEC);
    run.kill(generation.shimPid(), SIGSTOP);
    datagrams.send(spec.eventSocket, WORD, [ends[1] ?? -1]);
    for (const end of ends) run.libc.close(end);
    run.kill(generation.shimPid(), SIGCONT);
    begin.open();
    await generation.ring("empty");
    expect(generation.out()).toBe(HEARD);
  });

  test("gets none for a word that is dropped for lack of room; one that is kept is answered meanwhile", async () => {
    await using run = new TestRun();
    using datagrams = new Datagrams(run.libc);
    const gates = ["few", "none", "room"].map((name) => gate(run, name));
    const spec = speaking(run);
    const ready = "ask empty MUSTER_TOKEN=abcd\nREADY=1";
    const log = "ask empty MUSTER_ID=log\nMUSTER_MESSAGE=x";
    const orders = gates.flatMap(({ path }) => [`gate ${path}`, log, ready, log]);
    const generation = run.start(speaker(...orders), spec);
    await generation.ring("claim");
    const fill = async (head: string, segments: number) => {
      const full = () => segmentsOf(generation).length === segments;
      while (!full()) datagrams.send(spec.eventSocket, head.padEnd(60_000, "x"));
      for (let word = 0; word < 8; word++) datagrams.send(spec.eventSocket, head.padEnd(60_000, "x"));
      expect(new Question(run, spec.eventSocket, "BARRIER=1").answer()).toBe("none");
    };
    const out = async (text: string) => await run.until("the answers", () => generation.out() === text);
    await fill("MUSTER_ID=log\n", 32);
    gates[0]?.open();
    await out(`${UNHEARD}${HEARD}${UNHEARD}`);
    await fill("READY=1\n", 36);
    gates[1]?.open();
    await out(`${UNHEARD}${HEARD}${UNHEARD}${UNHEARD.repeat(3)}`);
    for (const number of segmentsOf(generation).slice(0, 20)) rmSync(join(generation.directory, `said.${number}`));
    gates[2]?.open();
    await generation.ring("empty");
    expect(generation.out()).toEndWith(HEARD.repeat(3));
    const lost = recordsOf(generation).reduce((sum, record) => sum + (record.kind === "lost" ? record.messages : 0), 0);
    expect(lost).toBeGreaterThanOrEqual(5);
  });

  test("gets none when the shim is killed before it has read", async () => {
    await using run = new TestRun();
    const begin = gate(run, "begin");
    const script = `$SPEAK 'gate begin' 'ask empty ${WORD}'; exec sleep 60`;
    const generation = run.shell(script, speaking(run));
    await generation.ring("claim");
    run.kill(generation.shimPid(), SIGSTOP);
    begin.open();
    await run.until("the word", () => existsSync(join(run.directory, "asked")));
    run.kill(generation.shimPid(), SIGKILL);
    await run.until("gone", () => run.reports.some(({ directory }) => directory === generation.directory));
    run.launcher.adopt(generation.directory);
    await run.until("the answer", () => generation.out() !== "");
    expect(generation.out()).toBe(UNHEARD);
    expect(segmentsOf(generation)).toEqual([]);
  });
});

describe("two later shims at once", () => {
  /** The first shim is killed, and two adopt the program, one after the other. */
  async function adoptTwice(run: TestRun, generation: Generation, between: () => Promise<void>): Promise<number> {
    const next = async (before: number) => {
      run.launcher.adopt(generation.directory);
      return await run.until("the next shim", () => generation.shimPid() !== before && generation.shimPid());
    };
    const killed = generation.shimPid();
    run.kill(killed, SIGKILL);
    await run.until("gone", () => run.reports.some(({ directory }) => directory === generation.directory));
    const first = await next(killed);
    run.kill(first, SIGSTOP);
    await between();
    await next(first);
    return first;
  }

  test("the first takes no name from the second when it ends, and answers no word that came too late", async () => {
    await using run = new TestRun();
    const [early, late, end] = [gate(run, "early"), gate(run, "late"), gate(run, "end")];
    const spec = speaking(run);
    const script = `$SPEAK 'gate early' 'ask empty ${WORD}early' 'gate late' 'ask empty ${WORD}late'; read x < end`;
    const generation = run.shell(script, spec);
    await generation.ring("claim");
    const first = await adoptTwice(run, generation, async () => {
      early.open();
      await run.until("the word", () => existsSync(join(run.directory, "asked")));
    });
    const { ino } = statSync(spec.eventSocket);
    run.kill(first, SIGCONT);
    await run.until("the first answer", () => generation.out() === UNHEARD);
    expect(saidOf(generation).map(({ text }) => text)).toEqual([`${WORD}early`]);
    late.open();
    await run.until("both answers", () => generation.out() === `${UNHEARD}${HEARD}`);
    expect(saidOf(generation).map(({ text }) => text)).toEqual([`${WORD}early`, `${WORD}late`]);
    expect(segmentsOf(generation)).toEqual([1, 2]);
    writeFileSync(join(generation.directory, "empty"), "seen 1 1\n");
    run.kill(first, SIGTERM);
    await run.until("its end", () => !existsSync(`/proc/${first}`));
    expect(statSync(spec.eventSocket).ino).toBe(ino);
    rmSync(join(generation.directory, "empty"));
    end.open();
    await run.until("the end of the name", () => !existsSync(spec.eventSocket));
  });
});
