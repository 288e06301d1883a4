import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestRun } from "../../src/platform/shim/testing/test-run.ts";
import { memoryKb } from "../../test/support/memory.ts";
import { skipWhen } from "../../test/support/skip-when.ts";
import { tinyDisk, whyNoMount } from "../../test/support/tiny-disk.ts";
import { Datagrams } from "./datagrams.ts";
import { type Lost, recordsOf, saidOf, segmentsOf, speaker, speaking } from "./events.ts";

const [SIGKILL, SIGCONT, SIGSTOP] = [9, 18, 19];
const [ENOENT, EISDIR_AS_BIND, ENAMETOOLONG] = [2, 98, 36];
const NOBODY = 65_534;
const WORD_BYTES = 64 << 10;
const SEGMENT_BYTES = 256 << 10;

describe("what a service says", () => {
  test("is kept with who said it and when, and rung before its end", async () => {
    await using run = new TestRun();
    const before = Date.now();
    const generation = run.start(speaker("say READY=1\nSTATUS=a", "say ", "exit 3"), speaking(run));
    await generation.ring("empty");
    const [first, empty] = saidOf(generation);
    expect(first).toMatchObject({
      pid: await generation.programPid(),
      uid: process.getuid?.(),
      sender: "main",
      cut: false,
    });
    expect(first?.text).toBe("READY=1\nSTATUS=a");
    expect(first?.wallMs).toBeGreaterThanOrEqual(before);
    expect(first?.wallMs).toBeLessThanOrEqual(Date.now());
    expect(Math.abs((first?.monotonicMs ?? 0) - run.clock.monotonicMs())).toBeLessThan(5_000);
    expect(empty?.text).toBe("");
    const kinds = generation.lines.map((record) => record.kind);
    expect(kinds[0]).toBe("claim");
    expect(kinds.slice(1, -2).every((kind) => kind === "said")).toBe(true);
    expect(kinds.length).toBeGreaterThan(3);
    expect(kinds.slice(-2)).toEqual(["exit", "empty"]);
  });

  test("is kept as it is, whatever its bytes are", async () => {
    await using run = new TestRun();
    using datagrams = new Datagrams(run.libc);
    const spec = speaking(run);
    const generation = run.start(["sleep", "60"], spec);
    await generation.ring("claim");
    const texts = ["\0\xff\n\n", "said 5 1 0 main 1 1\n", "BARRIER=1\0", "BARRIER=1\nA=1", "\n"];
    for (const text of texts) datagrams.send(spec.eventSocket, Buffer.from(text, "latin1"));
    await run.until("all", () => saidOf(generation).length === texts.length);
    expect(saidOf(generation).map(({ text }) => text)).toEqual(texts);
  });

  test("is kept while neither daemon nor launcher is there", async () => {
    await using run = new TestRun({ bell: false });
    mkdirSync(join(run.directory, "gates"));
    const gate = join(run.directory, "gates", "gate");
    run.libc.mkfifo(gate, 0o600);
    const generation = run.start(speaker(`gate ${gate}`, "say READY=1", "barrier"), speaking(run));
    await run.until("the claim", () => existsSync(join(generation.directory, "claim")));
    await run.launcher.close();
    writeFileSync(gate, "go\n");
    await run.until("its end", () => existsSync(join(generation.directory, "empty")));
    expect(saidOf(generation).map(({ sender, text }) => [sender, text])).toEqual([["main", "READY=1"]]);
  });

  test("is rung more rarely where it is only logs and alerts, and at once where it is more", async () => {
    await using run = new TestRun();
    const logs = "times 5000 MUSTER_ID=log\nMUSTER_MESSAGE=again";
    const generation = run.start(speaker(logs, "say READY=1", "barrier"), speaking(run));
    await generation.ring("empty");
    const said = saidOf(generation);
    expect(said.length).toBe(5_001);
    const lastedMs = (said.at(-1)?.monotonicMs ?? 0) - (said[0]?.monotonicMs ?? 0);
    const rings = generation.lines.filter((record) => record.kind === "said").length;
    expect(rings).toBeGreaterThan(0);
    expect(rings).toBeLessThanOrEqual(lastedMs / 50 + 4);
  });

  test("in a burst of 10 000 is lost nowhere, stays in order, and rings few times", async () => {
    await using run = new TestRun();
    const generation = run.start(speaker("many 10000"), speaking(run));
    await generation.ring("empty");
    const said = saidOf(generation);
    expect(said.map(({ text }) => text)).toEqual(Array.from({ length: 10_000 }, (_, index) => `STATUS=${index + 1}`));
    expect(said.every(({ sender }) => sender === "main")).toBe(true);
    const lastedMs = (said.at(-1)?.monotonicMs ?? 0) - (said[0]?.monotonicMs ?? 0);
    const rings = generation.lines.filter((record) => record.kind === "said").length;
    expect(rings).toBeGreaterThan(0);
    expect(rings).toBeLessThanOrEqual(lastedMs / 10 + 3);
    for (const number of segmentsOf(generation)) {
      expect(statSync(join(generation.directory, `said.${number}`)).size).toBeLessThanOrEqual(SEGMENT_BYTES);
    }
    expect(segmentsOf(generation).length).toBeGreaterThan(1);
  });

  test("above 64 KiB is cut, and says so", async () => {
    await using run = new TestRun();
    const orders = [WORD_BYTES, WORD_BYTES + 1, 150_000].map((bytes) => `long ${bytes} X=`);
    const generation = run.start(speaker(...orders, "say after"), speaking(run));
    await generation.ring("empty");
    expect(saidOf(generation).map(({ text, cut }) => [text.length, cut])).toEqual([
      [WORD_BYTES, false],
      [WORD_BYTES, true],
      [WORD_BYTES, true],
      [5, false],
    ]);
  });

  test("leaves neither descriptors nor memory in the shim", async () => {
    await using run = new TestRun();
    const gates = ["first", "second"].map((name) => join(run.directory, name));
    for (const gate of gates) run.libc.mkfifo(gate, 0o600);
    const orders = ["say one", "barrier", `gate ${gates[0]}`, "many 1000", "long 65536 X=", "along 253 X=1", "barrier"];
    const generation = run.start(speaker(...orders, `gate ${gates[1]}`), speaking(run));
    const barriers = (number: number) => generation.out() === "barrier\n".repeat(number);
    await run.until("the first", () => barriers(1));
    const open = () => openOf(generation.shimPid()).filter((target) => target === "/dev/null").length;
    const [openBefore, memoryBefore] = [open(), memoryKb(generation.shimPid())];
    writeFileSync(gates[0] ?? "", "go\n");
    await run.until("the second", () => barriers(2));
    expect(open()).toBe(openBefore);
    await run.until("its memory", () => memoryKb(generation.shimPid()) <= memoryBefore + 4);
    writeFileSync(gates[1] ?? "", "go\n");
    await generation.ring("empty");
    expect(saidOf(generation).length).toBe(1_003);
  });
});

describe("a descriptor that comes along", () => {
  test("is closed when all before it is on file; a barrier alone is no record", async () => {
    await using run = new TestRun();
    const gate = join(run.directory, "gate");
    run.libc.mkfifo(gate, 0o600);
    const spec = speaking(run);
    const generation = run.prepare(speaker(`gate ${gate}`, "many 3", "mark sent", "barrier", "show said"), spec);
    // What the program sees at the moment when the barrier lets it through.
    await Bun.$`ln -s ${join(generation.directory, "said.1")} ${join(run.directory, "said")}`;
    run.launcher.launch(generation.directory);
    await generation.ring("claim");
    run.kill(generation.shimPid(), SIGSTOP);
    writeFileSync(gate, "go\n");
    await run.until("the words", () => existsSync(join(run.directory, "sent")));
    expect(generation.out()).toBe("");
    run.kill(generation.shimPid(), SIGCONT);
    await generation.ring("empty");
    expect(generation.out()).toStartWith("barrier\nsaid ");
    expect(generation.out().match(/STATUS=\d/g)).toEqual(["STATUS=1", "STATUS=2", "STATUS=3"]);
    expect(saidOf(generation).length).toBe(3);
  });

  test("is closed too when a stranger sent it, and when the shim has no number left for it", async () => {
    await using run = new TestRun();
    using datagrams = new Datagrams(run.libc);
    const spec = speaking(run);
    const generation = run.start(["sleep", "60"], spec);
    await generation.ring("claim");
    const shim = generation.shimPid();
    const pipes = () => openOf(shim).filter((target) => target.startsWith("pipe:")).length;
    const most = openOf(shim).length + 4;
    const ends = new Int32Array(2);
    run.libc.pipe2(ends, 0o2000000);
    const many = Array.from({ length: 200 }, () => ends[1] ?? -1);
    expect(datagrams.send(spec.eventSocket, "A=1", many)).toBe(3);
    await run.until("the first", () => saidOf(generation).length === 1);
    const limited = Bun.spawnSync(["prlimit", `--pid=${shim}`, `--nofile=${most}`]);
    expect(limited.success).toBe(true);
    expect(datagrams.send(spec.eventSocket, "B=1", many)).toBe(3);
    await run.until("the second", () => saidOf(generation).length === 2);
    await run.until("the end of the copies", () => pipes() === 0);
    run.libc.close(ends[1] ?? -1);
    expect(run.libc.read(ends[0] ?? -1, new Uint8Array(1))).toBe(0);
    run.libc.close(ends[0] ?? -1);
  });
});

describe("the event socket", () => {
  test("takes the place of a leftover, is private, stays in the shim, and goes with it", async () => {
    await using run = new TestRun();
    const spec = speaking(run);
    writeFileSync(spec.eventSocket, "left over");
    const generation = run.shell("ls /proc/self/fd | tr '\\n' ' '; kill -STOP $$", spec);
    await generation.ring("claim");
    const status = statSync(spec.eventSocket);
    expect([status.isSocket(), status.mode & 0o7777, status.uid]).toEqual([true, 0o600, process.getuid?.() ?? -1]);
    await run.until("the list", () => generation.out() === "0 1 2 3 "); // 3 is the directory that ls reads
    run.kill(await generation.programPid(), SIGKILL);
    await generation.ring("empty");
    expect(existsSync(spec.eventSocket)).toBe(false);
  });

  const whyNoUsers = process.getuid?.() === 0 ? null : "only root can become another user";
  skipWhen(whyNoUsers)("is of the service's user, and nobody else may write to it", async () => {
    await using run = new TestRun();
    await Bun.$`chmod 711 ${join(run.directory, "..")} ${run.directory}`;
    const byOwner = speaking(run, { owner: { uid: NOBODY, gid: NOBODY } });
    const byUser = speaking(run, { uid: NOBODY, gid: NOBODY });
    for (const spec of [byOwner, byUser]) {
      const generation = run.start(["sleep", "60"], { ...spec, directory: "/" });
      await generation.ring("claim");
      const status = statSync(spec.eventSocket);
      expect([status.mode & 0o7777, status.uid, status.gid]).toEqual([0o600, NOBODY, NOBODY]);
      const mayWrite = (uid: number) =>
        Bun.spawnSync(["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "test", "-w", spec.eventSocket])
          .exitCode;
      expect([mayWrite(NOBODY), mayWrite(1)]).toEqual([0, 1]);
    }
  });

  test.each([
    ["in a directory that is not there", "none/socket", ENOENT],
    ["in the place of a directory", "logs", EISDIR_AS_BIND],
    ["with too long a name", "x".repeat(108), ENAMETOOLONG],
  ])("%s makes the start fail, with its step", async (_name, path, errno) => {
    await using run = new TestRun();
    const generation = run.start(["true"], { eventSocket: join(run.directory, path) });
    await generation.ring("empty");
    expect((await generation.ring("failed")).failed).toEqual({ step: "socket", errno });
    expect(generation.lines.map((record) => record.kind)).toEqual(["failed", "empty"]);
  });
});

describe("more than the daemon reads", () => {
  test("is dropped by kind at 32 segments, wholly at 36, counted, and said so when there is room again", async () => {
    await using run = new TestRun();
    using datagrams = new Datagrams(run.libc);
    const spec = speaking(run);
    const generation = run.start(["sleep", "60"], spec);
    await generation.ring("claim");
    const bytes = 60_000;
    const sentBytes = { log: 0, ready: 0 };
    const send = (head: string, kind: keyof typeof sentBytes) => {
      expect(datagrams.send(spec.eventSocket, head.padEnd(bytes, "x"))).toBe(bytes);
      sentBytes[kind] += bytes;
    };
    const settled = async () => {
      // What is behind it in the queue is read: a descriptor that came along last is closed.
      const ends = new Int32Array(2);
      run.libc.pipe2(ends, 0o2000000);
      datagrams.send(spec.eventSocket, "BARRIER=1", [ends[1] ?? -1]);
      run.libc.close(ends[1] ?? -1);
      expect(run.libc.read(ends[0] ?? -1, new Uint8Array(1))).toBe(0);
      run.libc.close(ends[0] ?? -1);
    };
    for (let index = 0; index < 32 * 4 + 20; index++) send(`MUSTER_ID=${index % 2 ? "log" : "alert"}\n`, "log");
    await settled();
    expect(segmentsOf(generation).length).toBe(32);
    const kept = saidOf(generation).length;
    expect(kept).toBe(31 * 4 + 1);
    for (let index = 0; index < 4 * 4 + 20; index++) send("READY=1\n", "ready");
    await settled();
    expect(segmentsOf(generation).length).toBe(36);
    rmSync(join(generation.directory, "said.1"));
    rmSync(join(generation.directory, "said.2"));
    // Nobody speaks any more, and it is said all the same.
    const lostOf = () => recordsOf(generation).filter((record): record is Lost => record.kind === "lost");
    const wanted = (sentBytes.log + sentBytes.ready) / bytes - 8;
    const count = () => saidOf(generation).length + lostOf().reduce((sum, { messages }) => sum + messages, 0);
    await run.until("the loss", () => count() === wanted);
    expect(lostOf().reduce((sum, lost) => sum + lost.bytes, 0)).toBe(
      lostOf().reduce((sum, lost) => sum + lost.messages, 0) * bytes,
    );
    expect(saidOf(generation).filter(({ text }) => text.startsWith("READY=1")).length).toBeGreaterThanOrEqual(13);
    send("READY=1\n", "ready");
    await settled();
    expect(saidOf(generation).at(-1)?.text).toStartWith("READY=1");
  });

  skipWhen(whyNoMount())(
    "the disk holds is counted, spoils no record, and is said when there is room again",
    async () => {
      await using run = new TestRun();
      using disk = tinyDisk(join(run.directory, "instances"), "512k");
      using datagrams = new Datagrams(run.libc);
      const spec = speaking(run);
      const generation = run.start(["sleep", "60"], spec);
      await generation.ring("claim");
      const sent = Array.from({ length: 20 }, (_, index) => `NUMBER=${index}\n`.padEnd(50_000, "x"));
      for (const text of sent) datagrams.send(spec.eventSocket, text);
      await run.until("the disk to be full", () => recordsOf(generation).length > 5);
      datagrams.send(spec.eventSocket, "SMALL=1");
      disk.remount("size=4m");
      await run.until("the loss", () => recordsOf(generation).some((record) => record.kind === "lost"));
      datagrams.send(spec.eventSocket, "LAST=1");
      await run.until("the last", () => saidOf(generation).at(-1)?.text === "LAST=1");
      const lost = recordsOf(generation).filter((record): record is Lost => record.kind === "lost");
      const lostMessages = lost.reduce((sum, { messages }) => sum + messages, 0);
      expect(lostMessages).toBeGreaterThan(5);
      expect(saidOf(generation).length + lostMessages).toBe(22);
      const texts = new Set([...sent, "SMALL=1", "LAST=1"]);
      expect(saidOf(generation).every(({ text }) => texts.has(text))).toBe(true);
    },
  );
});

/** What the descriptors of a process lead to. */
function openOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}
