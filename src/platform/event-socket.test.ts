import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { EventReceiver } from "../../test/support/event-receiver.ts";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { skipWhen } from "../../test/support/skip-when.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../test/support/temporary-directory.ts";
import type { Saying } from "../model/saying.ts";
import { ERRNO } from "./constants.ts";
import { sayToSupervisor, speakerOf } from "./event-socket.ts";
import { type Libc, openLibc } from "./libc.ts";

const READY: Saying = { id: "started_ok" };
const libc = openLibc();
const NOBODY = 65_534;
const asRoot = skipWhen(process.getuid?.() === 0 ? null : "not root");
const SHORT = { takenWithinMs: 60, confirmedWithinMs: 60 };
const PATIENT = { takenWithinMs: 60, confirmedWithinMs: 5_000 };

function errorOf(socket: string, limits = SHORT) {
  const said = sayToSupervisor(READY, { MUSTER_SOCKET: socket }, { limits, libc });
  return said.ok ? null : { code: said.error.code, message: said.error.message };
}

describe("whom a process speaks to", () => {
  test.each([
    [
      { MUSTER_SOCKET: "/m", NOTIFY_SOCKET: "/n", MUSTER_TOKEN: "t" },
      { socket: "/m", token: "t", answers: true },
    ],
    [
      { MUSTER_SOCKET: "", NOTIFY_SOCKET: "@n", MUSTER_TOKEN: "" },
      { socket: "@n", token: null, answers: false },
    ],
    [{ MUSTER_TOKEN: "t" }, null],
  ])("%p", (environment, expected) => {
    expect(speakerOf(environment)).toEqual(expected);
  });
});

describe("the event socket", () => {
  failOnLeaks();
  let directory: TemporaryDirectory;
  beforeAll(() => {
    directory = temporaryDirectory("event-socket");
  });
  afterAll(() => directory[Symbol.dispose]());

  test.each([
    ["by its path", () => directory.file("path")],
    ["by an abstract name", () => `@muster-test-${process.pid}`],
  ])("takes a word and confirms it, %s", async (_how, socket) => {
    await using receiver = await EventReceiver.start(socket());
    const environment = { NOTIFY_SOCKET: receiver.socket, MUSTER_TOKEN: "ab12" };
    const saying: Saying = { id: "log", severity: "warn", message: "two\nlines <b>\x1b[2J\0\\n" };
    expect(sayToSupervisor(saying, environment)).toEqual({ ok: true, value: undefined });
    const word = await receiver.nextConfirmed();
    expect(word.notification).toMatchObject({ saying, token: "ab12", refused: [] });
    expect([word.pid, word.alive]).toEqual([process.pid, true]);
  });

  test("of muster takes a word and its pipe at once", async () => {
    await using receiver = await EventReceiver.start(directory.file("at-once"));
    expect(errorOf(receiver.socket, PATIENT)).toBeNull();
    expect(await receiver.next()).toMatchObject({ text: "MUSTER_ID=started_ok\n", descriptors: 1 });
    expect(errorOf(receiver.socket, PATIENT)).toBeNull();
    expect((await receiver.next()).text).toBe("MUSTER_ID=started_ok\n");
  });

  test("whose reader was killed with the word hears it again", async () => {
    await using receiver = await EventReceiver.start(directory.file("late"), "late");
    expect(errorOf(receiver.socket, PATIENT)).toBeNull();
    expect(errorOf(receiver.socket, PATIENT)).toBeNull();
    const texts = [await receiver.next(), await receiver.next(), await receiver.next()].map(({ text }) => text);
    expect(texts).toEqual(Array(3).fill("MUSTER_ID=started_ok\n"));
  });

  test("whose reader never confirms hears it three times: event-socket-unanswered", async () => {
    await using receiver = await EventReceiver.start(directory.file("unanswering"), "unanswering");
    expect(errorOf(receiver.socket, PATIENT)).toEqual({
      code: "event-socket-unanswered",
      message: `cannot say started_ok: who reads ${receiver.socket} took it 3 times and never confirmed it: a process that is none of the service is not believed, and there may be no room for more words; say it from a process of the service, or later; "muster events" tells the reason`,
    });
    for (let time = 1; time <= 3; time++) expect((await receiver.next()).text).toBe("MUSTER_ID=started_ok\n");
    const said = sayToSupervisor(READY, { NOTIFY_SOCKET: receiver.socket }, { limits: PATIENT, libc });
    expect(said.ok).toBe(true);
    const after = [await receiver.next(), await receiver.next()];
    expect(after.map(({ text, descriptors }) => [text, descriptors])).toEqual([
      ["MUSTER_ID=started_ok\n", 0],
      ["BARRIER=1", 1],
    ]);
  });

  test("that ends before it has confirmed is gone", async () => {
    const receiver = await EventReceiver.start(directory.file("ends"), "unanswering");
    const pollOne: Libc["pollOne"] = (fd, events, timeoutMs) => {
      if (fd === -1) process.kill(receiver.pid, "SIGKILL");
      return libc.pollOne(fd, events, timeoutMs);
    };
    const ending: Libc = Object.assign(Object.create(libc), { pollOne });
    const said = sayToSupervisor(READY, { MUSTER_SOCKET: receiver.socket }, { limits: PATIENT, libc: ending });
    expect(said.ok ? null : said.error.code).toBe("event-socket-gone");
    await receiver[Symbol.asyncDispose]();
  });

  test("takes the longest there is, and tells how long it was", async () => {
    await using receiver = await EventReceiver.start(directory.file("long"));
    const saying: Saying = { id: "start_failed", message: "\\".repeat(1_048_576) };
    expect(sayToSupervisor(saying, { MUSTER_SOCKET: receiver.socket }).ok).toBe(true);
    const { notification } = await receiver.nextConfirmed();
    expect(notification.saying).toMatchObject({ message: expect.stringMatching(/\\ \[cut: 1048576 bytes in all\]$/) });
  });

  test("takes a thousand words in a row, in order, and nothing is left of them", async () => {
    await using receiver = await EventReceiver.start(directory.file("thousand"));
    const descriptors = () => readdirSync("/proc/self/fd").length;
    const before = descriptors();
    for (let number = 1; number <= 1_000; number++) {
      const counter = { name: "number", value: number };
      const saying: Saying = { id: "alert", severity: "error", message: null, counter };
      expect(sayToSupervisor(saying, { MUSTER_SOCKET: receiver.socket }, { libc }).ok).toBe(true);
      const { notification } = await receiver.nextConfirmed();
      expect(notification.saying).toEqual(saying);
    }
    expect(descriptors()).toBe(before);
  });

  test("without an environment of muster it says so: not-supervised", () => {
    const said = sayToSupervisor(READY, { PATH: "/bin" });
    expect(said.ok ? "" : `${said.error.code}: ${said.error.message}`).toStartWith(
      "not-supervised: cannot say started_ok: this process was not started by muster",
    );
  });

  test("of an ended generation is gone: event-socket-gone", () => {
    const socket = directory.file("never");
    expect(errorOf(socket)).toEqual({
      code: "event-socket-gone",
      message: `cannot say started_ok: its supervisor's socket ${socket} is gone: this process belongs to a generation that has ended; what it says counts no more`,
    });
  });

  test("whose reader was killed is waited for, then it counts as gone", async () => {
    const receiver = await EventReceiver.start(directory.file("killed"));
    await receiver[Symbol.asyncDispose]();
    const beginMs = performance.now();
    expect(errorOf(receiver.socket)?.code).toBe("event-socket-gone");
    expect(performance.now() - beginMs).toBeGreaterThanOrEqual(SHORT.takenWithinMs);
  });

  test("whose reader is just being replaced takes the word all the same", async () => {
    await using receiver = await EventReceiver.start(directory.file("replaced"));
    const answers = [ERRNO.ECONNREFUSED, ERRNO.ENOENT, ERRNO.EACCES];
    const connect: Libc["connect"] = (fd, address) => -(answers.shift() ?? -libc.connect(fd, address));
    const replaced: Libc = Object.assign(Object.create(libc), { connect });
    const said = sayToSupervisor(READY, { MUSTER_SOCKET: receiver.socket }, { libc: replaced });
    expect([said.ok, answers]).toEqual([true, []]);
    await receiver.nextConfirmed();
  });

  test("that nobody reads fills up: event-socket-full, after the time it was given", async () => {
    await using receiver = await EventReceiver.start(directory.file("deaf"), "deaf");
    const limits = { takenWithinMs: 60, confirmedWithinMs: 0 };
    const codes: (string | undefined)[] = [];
    do codes.push(errorOf(receiver.socket, limits)?.code);
    while (codes.length < 2_000 && codes.at(-1) === "event-socket-silent");
    expect(codes.length).toBeGreaterThan(1);
    expect(codes.at(-1)).toBe("event-socket-full");
  });

  test("whose reader confirms nothing is a failure: event-socket-silent", async () => {
    await using receiver = await EventReceiver.start(directory.file("silent"), "silent");
    expect(errorOf(receiver.socket)?.code).toBe("event-socket-silent");
    expect((await receiver.nextConfirmed()).text).toBe("MUSTER_ID=started_ok\n");
  });

  asRoot("is not for another user: event-socket-forbidden", async () => {
    await using receiver = await EventReceiver.start(directory.file("foreign"));
    chmodSync(directory.path, 0o711);
    process.seteuid?.(NOBODY);
    const error = errorOf(receiver.socket);
    process.seteuid?.(0);
    expect(error).toMatchObject({ code: "event-socket-forbidden", message: expect.stringContaining("user 65534") });
  });

  test.each([
    ["relative/path", "it is neither a path from / on nor @ and a name"],
    ["vsock:2:1", "it is neither a path from / on nor @ and a name"],
    [`/${"x".repeat(107)}`, "it is longer than 107 bytes"],
  ])("cannot be %p: event-socket-unusable", (socket, reason) => {
    const error = errorOf(socket);
    expect(error?.code).toBe("event-socket-unusable");
    expect(error?.message).toContain(reason);
  });

  test("that is a socket of another kind is unusable", () => {
    const socket = directory.file("stream");
    const server = Bun.listen({ unix: socket, socket: { data() {} } });
    expect(errorOf(socket)).toMatchObject({
      code: "event-socket-unusable",
      message: expect.stringContaining("error 91"),
    });
    server.stop(true);
  });

  test("that is a plain file has nobody behind it", () => {
    const file = directory.file("file");
    writeFileSync(file, "");
    chmodSync(file, 0o600);
    expect(errorOf(file)?.code).toBe("event-socket-gone");
  });
});
