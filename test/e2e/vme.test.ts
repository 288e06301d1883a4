/** `vme` and `muster notify` as real processes, before a socket that reads as a shim does. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { saidOf } from "../../native/test/events.ts";
import { TestRun } from "../../src/platform/shim/testing/test-run.ts";
import { makeToolsDirectory, pathWithTools } from "../../src/platform/tools-directory.ts";
import { EventReceiver } from "../support/event-receiver.ts";
import { failOnLeaks } from "../support/leak-check.ts";
import { programWords } from "../support/program.ts";
import { runInService } from "../support/speaking.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const CALLS = 30;

failOnLeaks();

describe("a script of a service", () => {
  let directory: TemporaryDirectory;
  let receiver: EventReceiver;
  beforeAll(async () => {
    directory = temporaryDirectory("vme");
    makeToolsDirectory(directory.file("tools"), programWords());
    receiver = await EventReceiver.start(directory.file("socket"));
  });
  afterAll(async () => {
    await receiver[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });

  const run = async (script: string, environment: Readonly<Record<string, string>> = {}) =>
    await runInService(script, directory.file("tools"), { MUSTER_SOCKET: receiver.socket, ...environment });
  const quiet = { code: 0, out: "", err: "" };

  test.each([
    ["vme", "vme msg='no disk' id=start_failed"],
    ["muster vme", "muster vme id=start_failed 'msg=no disk'"],
    ["muster notify", "muster notify failed 'no disk'"],
  ])("says the same by %s", async (_name, script) => {
    expect(await run(script, { MUSTER_TOKEN: "c0ffee" })).toMatchObject(quiet);
    const word = await receiver.nextConfirmed();
    expect(word.text).toBe("MUSTER_ID=start_failed\nMUSTER_TOKEN=c0ffee\nMUSTER_MESSAGE=no disk\n");
    expect(word.alive).toBe(true);
  });

  test("keeps what is no UTF-8, a control character or HTML, as data", async () => {
    expect(await run(`vme id=log msg="$(printf '\\377\\300<b>\\033[2J\\001\\n.')"`)).toMatchObject(quiet);
    const { notification } = await receiver.nextConfirmed();
    expect(notification.saying).toEqual({ id: "log", severity: "info", message: "\ufffd\ufffd<b>\x1b[2J\x01\n." });
  });

  test("says it to another supervisor where muster is none", async () => {
    const outcome = await run("unset MUSTER_SOCKET; vme id=started_ok", { NOTIFY_SOCKET: receiver.socket });
    expect(outcome).toMatchObject(quiet);
    expect((await receiver.nextConfirmed()).text).toBe("MUSTER_ID=started_ok\n");
  });

  test("gets code 2 and a harmless line for wrong usage", async () => {
    const { code, out, err } = await run("vme id=log msg=x severity=\"$(printf '\\033[2J')\"");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toBe(
      'vme: cannot run "vme": severity is one of debug, info, warn, error, fatal, not "\\x1b[2J"; "vme --help" shows what it takes\n',
    );
  });

  test("gets code 1 where nobody listens", async () => {
    const { code, err } = await run("vme id=started_ok", { MUSTER_SOCKET: directory.file("gone") });
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^vme: cannot say started_ok: its supervisor's socket .* is gone/),
    ]);
  });

  test("may throw away what vme shows", async () => {
    expect(await run("vme --help | true; vme --help | head -n 1 | cut -c 1-9")).toMatchObject({
      out: "usage: vm\n",
      err: "",
    });
  });

  test("may call it again and again: each is on file in order, and seen while it is read", async () => {
    const script = `for i in $(seq ${CALLS}); do vme id=alert cnt_name=n cnt_value=$i || exit; done`;
    const running = run(script);
    const pids = new Set<number>();
    for (let number = 1; number <= CALLS; number++) {
      const { notification, alive, pid } = await receiver.nextConfirmed();
      expect(notification.saying).toMatchObject({ counter: { name: "n", value: number } });
      expect(alive).toBe(true);
      pids.add(pid);
    }
    expect(await running).toMatchObject(quiet);
    expect(pids.size).toBe(CALLS);
  });
});

describe("before the shim itself", () => {
  test("a word is on file when vme returns, as that of a process of the service", async () => {
    await using run = new TestRun();
    const [tools, events] = [`${run.directory}/tools`, `${run.directory}/events`];
    makeToolsDirectory(tools, programWords());
    mkdirSync(events);
    const eventSocket = `${events}/token`;
    const script = 'vme id=maintenance progress=7 msg=first && cat "$RUN"/instances/*/1/said.1; vme id=start_failed';
    const generation = run.shell(script, {
      eventSocket,
      environment: { PATH: pathWithTools("/usr/bin:/bin", tools), MUSTER_SOCKET: eventSocket, RUN: run.directory },
    });
    await generation.ring("empty");
    expect(saidOf(generation).map(({ sender, text }) => [sender, text])).toEqual([
      ["tree", "MUSTER_ID=maintenance\nMUSTER_PROGRESS=7\nMUSTER_MESSAGE=first\n"],
      ["tree", "MUSTER_ID=start_failed\nMUSTER_MESSAGE=no reason was given\n"],
    ]);
    expect(generation.out()).toContain("MUSTER_MESSAGE=first\n");
    expect((await generation.ring("exit")).exit).toMatchObject({ kind: "code", code: 0 });
  });
});
