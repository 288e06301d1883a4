import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { directoryForEachTest } from "../../../test/support/temporary-directory.ts";
import { codedError } from "../../model/errors/catalogue.ts";
import { type FakeWorld, runFake } from "../testing/fake-host.ts";

describe("muster init", () => {
  const directory = directoryForEachTest("init");
  const init = (...argv: string[]) => runFake(["init", ...argv], { workingDirectory: directory().path });
  const read = () => Bun.TOML.parse(readFileSync(directory().file("muster.toml"), "utf8")) as { services: object };

  test("writes a first file and says what comes next", async () => {
    const outcome = await init();
    expect([outcome.exitCode, outcome.stdout]).toEqual([
      0,
      `wrote ${directory().file("muster.toml")}; "muster up" starts what it declares\n`,
    ]);
    expect(Object.keys(read().services)).toHaveLength(1);
  });

  test("writes one for a command", async () => {
    await init("--", "node", "server/app.js", '--name=a "b"');
    expect(Object.values(read().services)).toEqual([{ command: ["node", "server/app.js", '--name=a "b"'] }]);
  });

  test("does not write over a file, unless it is told to", async () => {
    writeFileSync(directory().file("muster.toml"), "mine");
    const outcome = await init("--json");
    expect([outcome.exitCode, JSON.parse(outcome.stderr).error.code]).toEqual([1, "file-exists"]);
    expect(readFileSync(directory().file("muster.toml"), "utf8")).toBe("mine");
    expect((await init("--force")).exitCode).toBe(0);
    expect(Object.keys(read().services)).toHaveLength(1);
  });

  test("says why it cannot write", async () => {
    const outcome = await init("--file", "missing/muster.toml", "--json");
    expect([outcome.exitCode, JSON.parse(outcome.stderr).error.code]).toEqual([1, "file-unwritable"]);
    expect(existsSync(directory().file("missing"))).toBe(false);
  });
});

describe("muster doctor", () => {
  const directory = directoryForEachTest("doctor");
  const doctor = (world: FakeWorld = {}, ...argv: string[]) => {
    const daemon = async () => ({ pid: 7, since: "", version: "1.2.3" });
    return runFake(
      ["doctor", "--state-dir", directory().file("state"), "--run-dir", directory().file("run"), ...argv],
      {
        environment: { PATH: directory().file("bin") },
        ...world,
        client: { daemon, ...world.client },
      },
    );
  };
  const outcomes = async (world: FakeWorld = {}) => {
    const { findings } = JSON.parse((await doctor(world, "--json")).stdout);
    return Object.fromEntries(findings.map((one: { check: string; outcome: string }) => [one.check, one.outcome]));
  };

  test("finds what is there", async () => {
    mkdirSync(directory().file("bin"));
    writeFileSync(directory().file("bin", "setpriv"), "");
    chmodSync(directory().file("bin", "setpriv"), 0o755);
    expect(await outcomes()).toMatchObject({
      "state-directory": "ok",
      "run-directory": "ok",
      "tool-setpriv": "ok",
      "tool-taskset": "warning",
      daemon: "ok",
      shim: "ok",
    });
    expect(existsSync(directory().file("state"))).toBe(false);
  });

  test("a shim that does not start is a failure, with advice", async () => {
    const outcome = await doctor({ shim: "memfd: EACCES" });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toContain("failed   shim: it does not start: memfd: EACCES\n         allow programs");
  });

  test("a daemon that is not there or of another version is a warning", async () => {
    const daemon = async (): Promise<never> => {
      throw codedError("no-daemon", { socket: "s" });
    };
    expect(await outcomes({ client: { daemon } })).toMatchObject({ daemon: "warning" });
    const other = async () => ({ pid: 7, since: "", version: "0.9.0" });
    expect(await outcomes({ client: { daemon: other } })).toMatchObject({ daemon: "warning" });
    expect((await doctor({ client: { daemon } })).exitCode).toBe(0);
  });

  test("a state directory below a file cannot be made", async () => {
    writeFileSync(directory().file("state"), "");
    const outcome = await doctor({}, "--state-dir=/dev/null/x").catch(() => null);
    expect(outcome?.exitCode).toBe(2);
    const { stdout, exitCode } = await runFake(["doctor", "--state-dir", `${directory().file("state")}/below`], {
      client: { daemon: async () => ({ pid: 7, since: "", version: "1.2.3" }) },
    });
    expect(exitCode).toBe(1);
    expect(stdout).toContain("failed   state-directory: ");
  });
});

describe("muster log-level", () => {
  test("hands the level over", async () => {
    const levels: string[] = [];
    const client = { setLogLevel: async (level: string) => void levels.push(level) };
    expect((await runFake(["log-level", "debug"], { client })).stdout).toBe("the daemon's log level is debug\n");
    expect(levels).toEqual(["debug"]);
  });

  test("guesses a level", async () => {
    const outcome = await runFake(["log-level", "debgu"]);
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toContain('did you mean "debug"?');
  });
});
