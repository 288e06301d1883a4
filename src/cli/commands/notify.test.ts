import { describe, expect, test } from "bun:test";
import type { Saying } from "../../model/saying.ts";
import { runFake } from "../testing/fake-host.ts";

async function notify(...argv: string[]) {
  const said: Saying[] = [];
  const outcome = await runFake(["notify", ...argv], { say: async (saying) => void said.push(saying) });
  return { ...outcome, said };
}

describe("muster notify", () => {
  test.each<[string[], Saying]>([
    [["started"], { id: "started_ok" }],
    [["failed", "no disk"], { id: "start_failed", message: "no disk" }],
    [["failed", ""], { id: "start_failed", message: "no reason was given" }],
    [["maintenance"], { id: "maintenance", progress: null, message: null }],
    [["maintenance", "--progress", "7", "repair"], { id: "maintenance", progress: 7, message: "repair" }],
    [["log", "--severity=warn", "--", "--x"], { id: "log", severity: "warn", message: "--x" }],
    [["log", "<b>\n"], { id: "log", severity: "info", message: "<b>\n" }],
    [["alert", "full"], { id: "alert", severity: "error", message: "full", counter: null }],
    [
      ["alert", "--counter", "q=1e3"],
      { id: "alert", severity: "error", message: null, counter: { name: "q", value: 1_000 } },
    ],
  ])("%p says what vme says", async (argv, saying) => {
    expect(await notify(...argv)).toMatchObject({ exitCode: 0, said: [saying], stdout: "", stderr: "", connected: [] });
  });

  test("with --json it shows what was said", async () => {
    expect(JSON.parse((await notify("--json", "started")).stdout)).toEqual({ said: { id: "started_ok" } });
  });

  test.each([
    [["start"], '<word> is one of started, failed, maintenance, log, alert, not "start"'],
    [["failed"], '"notify failed" needs a message: why it failed'],
    [["started", "well"], '"notify started" does not take a message'],
    [["started", "--progress", "1"], '"notify started" does not take --progress'],
    [["maintenance", "--progress", "0"], '--progress is a whole number from 1 to 100, not "0"'],
    [["maintenance", "--progress", "101"], '--progress is a whole number from 1 to 100, not "101"'],
    [["log"], '"notify log" needs a message'],
    [
      ["log", "x", "--severity", "eror"],
      '"--severity" takes debug, info, warn, error, fatal, not "eror"; did you mean "error"?',
    ],
    [["log", "x", "--counter", "a=1"], '"notify log" does not take --counter'],
    [["alert"], '"notify alert" needs a message, or --counter'],
    [["alert", "--counter", "a"], '"--counter" takes name=value, not "a"'],
    [["alert", "--counter", "a=b"], 'the value of --counter is a decimal number, not "b"'],
    [["alert", "--counter", "=1"], "the name of --counter is a name of letters"],
  ])("%p is wrong usage", async (argv, reason) => {
    const { exitCode, said, stderr } = await notify(...argv);
    expect([exitCode, said]).toEqual([2, []]);
    expect(stderr).toStartWith(`muster: cannot run "muster notify": ${reason}`);
  });

  test("outside of a service it fails and says what to do", async () => {
    const { exitCode, stderr } = await runFake(["notify", "started"]);
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith("muster: cannot say started_ok: this process was not started by muster");
  });
});

test("muster vme hands its words on as they are", async () => {
  const { exitCode, vmes } = await runFake(["vme", "id=log", "msg=a b"]);
  expect([exitCode, vmes]).toEqual([0, [["id=log", "msg=a b"]]]);
});
