import { describe, expect, test } from "bun:test";
import { codedError } from "../model/errors/catalogue.ts";
import type { Saying } from "../model/saying.ts";
import { runVme } from "./vme.ts";

interface Outcome {
  readonly code: number;
  readonly said: readonly Saying[];
  readonly out: string;
  readonly err: string;
}

async function vme(words: readonly string[], say?: () => Promise<void>): Promise<Outcome> {
  const said: Saying[] = [];
  const shown = { 1: "", 2: "" };
  const code = await runVme(words, {
    say: async (saying) => {
      await say?.();
      said.push(saying);
    },
    show: async (descriptor, text) => {
      shown[descriptor] += text;
    },
  });
  return { code, said, out: shown[1], err: shown[2] };
}

describe("vme says", () => {
  test.each<[string[], Saying]>([
    [["id=started_ok"], { id: "started_ok" }],
    [["id=start_failed", "msg=no disk"], { id: "start_failed", message: "no disk" }],
    [["id=start_failed"], { id: "start_failed", message: "no reason was given" }],
    [
      ["progress=100", "msg=done=nearly", "id=maintenance"],
      { id: "maintenance", progress: 100, message: "done=nearly" },
    ],
    [["id=maintenance", "msg="], { id: "maintenance", progress: null, message: null }],
    [
      ["msg=SSL certificate loaded OK", "id=log"],
      { id: "log", severity: "info", message: "SSL certificate loaded OK" },
    ],
    [["id=log", "msg=x", "severity=fatal"], { id: "log", severity: "fatal", message: "x" }],
    [
      ["id=alert", "msg=<b>\x1b[2J\n\ufffd"],
      { id: "alert", severity: "error", message: "<b>\x1b[2J\n\ufffd", counter: null },
    ],
    [
      ["cnt_value=-0.5", "id=alert", "cnt_name=lag.s", "severity=info"],
      { id: "alert", severity: "info", message: null, counter: { name: "lag.s", value: -0.5 } },
    ],
  ])("%p", async (words, saying) => {
    expect(await vme(words)).toEqual({ code: 0, said: [saying], out: "", err: "" });
  });

  test("a message of a megabyte, cut", async () => {
    const { code, said } = await vme(["id=log", `msg=${"m".repeat(1_048_576)}`]);
    expect(code).toBe(0);
    expect(said[0]).toMatchObject({ message: expect.stringMatching(/^m+ \[cut: 1048576 bytes in all\]$/) });
  });
});

describe("vme refuses", () => {
  const see = '; "vme --help" shows what it takes';
  const event = "id is one of started_ok, start_failed, maintenance, log, alert, not";
  const severity = "severity is one of debug, info, warn, error, fatal, not";
  test.each([
    [[], `id=<event> is missing${see}`],
    [["msg=x"], `id=<event> is missing${see}`],
    [["id=start_ok"], `${event} "start_ok"; did you mean "started_ok"?`],
    [["id=restarted"], `${event} "restarted"${see}`],
    [["id="], `${event} ""${see}`],
    [["id=log", "mgs=x"], 'there is no "mgs"; did you mean "msg="?'],
    [["id=log", "colour=red"], `there is no "colour"${see}`],
    [["id=log", "mesage"], `"mesage" is not key=value${see}`],
    [["log", "msg=x"], `"log" is not key=value${see}`],
    [["id=log", "msg"], `"msg" needs a value: msg=…${see}`],
    [["id=log", "msg=a", "msg=b"], `"msg" was given twice${see}`],
    [["id=log"], `id=log needs msg${see}`],
    [["id=log", "msg="], `id=log needs msg${see}`],
    [["id=log", "msg=x", "severity=warning"], `${severity} "warning"${see}`],
    [["id=log", "msg=x", "severity=eror"], `${severity} "eror"; did you mean "error"?`],
    [["id=log", "msg=x", "progress=1"], `id=log does not take progress${see}`],
    [["id=log", "msg=x", "cnt_name=a", "cnt_value=1"], `id=log does not take cnt_name${see}`],
    [["id=started_ok", "msg=x"], `id=started_ok does not take msg${see}`],
    [["id=started_ok", "severity=info"], `id=started_ok does not take severity${see}`],
    [["id=start_failed", "msg=x", "severity=error"], `id=start_failed does not take severity${see}`],
    [["id=maintenance", "progress=0"], `progress is a whole number from 1 to 100, not "0"${see}`],
    [["id=maintenance", "progress=101"], `progress is a whole number from 1 to 100, not "101"${see}`],
    [["id=maintenance", "progress=5.5"], `progress is a whole number from 1 to 100, not "5.5"${see}`],
    [["id=maintenance", "progress="], `progress is a whole number from 1 to 100, not ""${see}`],
    [["id=alert"], `id=alert needs msg, or cnt_name and cnt_value${see}`],
    [["id=alert", "msg=x", "progress=1"], `id=alert does not take progress${see}`],
    [["id=alert", "msg=x", "cnt_name=a"], `cnt_name without cnt_value${see}`],
    [["id=alert", "msg=x", "cnt_value=1"], `cnt_value without cnt_name${see}`],
    [["id=alert", "cnt_name=a", "cnt_value=many"], `cnt_value is a decimal number, not "many"${see}`],
    [["id=alert", "cnt_name=a", "cnt_value=0x10"], `cnt_value is a decimal number, not "0x10"${see}`],
  ])("%p", async (words, reason) => {
    expect(await vme(words)).toEqual({ code: 2, said: [], out: "", err: `vme: cannot run "vme": ${reason}\n` });
  });

  test("a counter whose name no metric may have", async () => {
    const { code, err } = await vme(["id=alert", "cnt_name=a b", "cnt_value=1"]);
    expect([code, err]).toEqual([2, expect.stringContaining('at most 63, not "a b"')]);
  });
});

describe("vme", () => {
  test.each([[["--help"]], [["help"]], [["id=log", "-h"]]])("shows its usage with %p", async (words) => {
    const { code, said, out, err } = await vme(words);
    expect([code, said, err]).toEqual([0, [], ""]);
    expect(out).toStartWith("usage: vme id=<event> [msg=<text>]");
    expect(out.split("\n").filter((line) => line.length > 120)).toEqual([]);
  });

  test("tells with code 1 why it could not be said", async () => {
    const outcome = await vme(["id=started_ok"], async () => {
      throw codedError("not-supervised", { word: "started_ok" });
    });
    expect(outcome).toMatchObject({ code: 1, said: [], out: "" });
    expect(outcome.err).toStartWith("vme: cannot say started_ok: this process was not started by muster");
  });

  test("does not hide a fault of its own", async () => {
    const fault = vme(["id=started_ok"], async () => {
      throw new TypeError("x is not a function");
    });
    expect(fault).rejects.toThrow("x is not a function");
  });
});
