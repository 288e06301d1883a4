import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseReport } from "./launcher.ts";
import { LineCutter } from "./lines.ts";
import { parseBellLine, parseClaim, parseEmpty, parseExit, parseFailed, parseLost, parseReady } from "./records.ts";

const BOOT = "2efc1780-19a7-4dcf-bf2e-b2a00833c9fc";

describe("records", () => {
  test("are read as the shim writes them", () => {
    const identity = { bootId: BOOT, pidNamespace: 4026531836, pid: 12, startTicks: 34 };
    expect(parseClaim(`${BOOT} 4026531836 12 34\n`)).toEqual({ kind: "program", identity });
    expect(parseClaim("void\n")).toEqual({ kind: "void" });
    expect(parseFailed("exec 2\n")).toEqual({ step: "exec", errno: 2 });
    expect(parseExit("code 3 1700 50\n")).toEqual({ kind: "code", code: 3, wallMs: 1700, monotonicMs: 50 });
    expect(parseExit("signal 11 1700 50 core\n")).toEqual({
      kind: "signal",
      signal: 11,
      coreDumped: true,
      wallMs: 1700,
      monotonicMs: 50,
    });
    expect(parseExit("signal 9 1700 50")).toMatchObject({ coreDumped: false });
    expect(parseExit("unknown 1700 50")).toEqual({ kind: "unknown", wallMs: 1700, monotonicMs: 50 });
    expect(parseEmpty("proved 1 2\n")).toEqual({ kind: "proved", wallMs: 1, monotonicMs: 2 });
    expect(parseEmpty("seen 1 2\n")).toEqual({ kind: "seen", wallMs: 1, monotonicMs: 2 });
    expect(parseReady("1 2\n")).toEqual({ wallMs: 1, monotonicMs: 2 });
    expect(parseLost("10 0\n")).toEqual({ outBytes: 10, errBytes: 0 });
  });

  test.each(["", "code", "code 3", "code x 1 2", "code 3 1 2 core", "code 3 1 2\n\n", "signal 9 1", "exit 3 1 2"])(
    "%j is no exit",
    (text) => expect(parseExit(text)).toBeUndefined(),
  );

  test.each(["", "void ", "voi", `${BOOT} 1 2`, `${BOOT} 1 0 3`, `${BOOT} 1 2 3 4`, "\0\0\0"])(
    "%j is no claim",
    (text) => expect(parseClaim(text)).toBeUndefined(),
  );

  test.each(["", "1", "1 2 3", "x 2", "1 -2", "1 2\n\n"])("%j is no ready", (text) =>
    expect(parseReady(text)).toBeUndefined(),
  );

  test("steps that are not in the list are refused", () => expect(parseFailed("magic 2")).toBeUndefined());

  test("no text makes a reader throw", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const read of [
          parseClaim,
          parseFailed,
          parseExit,
          parseEmpty,
          parseLost,
          parseReady,
          parseBellLine,
          parseReport,
        ]) {
          read(text);
        }
      }),
    );
  });
});

describe("the bell", () => {
  test("repeats the record", () => {
    expect(parseBellLine("web.1/7 exit code 3 1700 50")).toEqual({
      instance: "web.1",
      generation: 7,
      record: { kind: "exit", exit: { kind: "code", code: 3, wallMs: 1700, monotonicMs: 50 } },
    });
    expect(parseBellLine("web.1/7 look")?.record).toEqual({ kind: "look" });
    expect(parseBellLine("web.1/7 resumed err")?.record).toEqual({ kind: "resumed", stream: "err" });
    expect(parseBellLine("web.1/7 said")?.record).toEqual({ kind: "said" });
    expect(parseBellLine("web.1/7 ready 1700 50")?.record).toEqual({
      kind: "ready",
      ready: { wallMs: 1700, monotonicMs: 50 },
    });
    expect(parseBellLine(`web.1/7 main ${BOOT} 1 12 34`)?.record).toEqual({
      kind: "main",
      main: { bootId: BOOT, pidNamespace: 1, pid: 12, startTicks: 34 },
    });
    expect(parseBellLine("web.1/7 rotated out /a/b c.log")?.record).toEqual({
      kind: "rotated",
      stream: "out",
      path: "/a/b c.log",
    });
  });

  test.each([
    "",
    "web.1 look",
    "../7 look",
    "web.1/x look",
    "web.1/7 exit",
    "web.1/7 boom 1",
    "web.1/7 look now",
    "web.1/7 said 1",
    "web.1/7 ready",
    "web.1/7 ready 1",
    "web.1/7 main 12",
  ])("%j is no ring", (line) => expect(parseBellLine(line)).toBeUndefined());

  test("lines are put together from pieces, characters too", () => {
    const cutter = new LineCutter();
    const bytes = Buffer.from("ä\nb");
    expect(cutter.push(bytes.subarray(0, 1))).toEqual([]);
    expect(cutter.push(bytes.subarray(1))).toEqual(["ä"]);
    expect(cutter.push(Buffer.from("c\n\n"))).toEqual(["bc", ""]);
  });

  test("a line without end takes no memory", () => {
    const cutter = new LineCutter();
    for (let index = 0; index < 40; index++) expect(cutter.push(Buffer.alloc(4096, "x"))).toEqual([]);
    expect(cutter.push(Buffer.from("\n"))[0]?.length).toBeLessThan(70_000);
  });
});

describe("reports of the launcher", () => {
  test("are read", () => {
    expect(parseReport("gone /run/a b/1")).toEqual({ kind: "gone", directory: "/run/a b/1" });
    expect(parseReport("fault /run/a/1 11")).toEqual({ kind: "fault", directory: "/run/a/1", errno: 11 });
  });
  test.each(["gone", "gone x", "fault /a", "done /a", ""])("%j is none", (line) =>
    expect(parseReport(line)).toBeUndefined(),
  );
});
