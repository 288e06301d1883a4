import { describe, expect, test } from "bun:test";
import { codedError } from "../model/errors/catalogue.ts";
import { runFake } from "./testing/fake-host.ts";
import { report } from "./testing/samples.ts";

const noDaemon = async (): Promise<never> => {
  throw codedError("no-daemon", { socket: "/run/muster/muster.sock" });
};

describe("the command line as a whole", () => {
  test.each<[string, string[], number, RegExp, RegExp]>([
    ["--version", ["--version"], 0, /^muster 1\.2\.3\n$/, /^$/],
    ["--help", ["--help"], 0, /^muster keeps .*\n\nrun:\n {2}up /s, /^$/],
    ["nothing", [], 2, /^$/, /^muster keeps /],
    ["an unknown verb", ["stauts"], 2, /^$/, /no command "stauts"; did you mean "status"\?/],
    ["a verb like nothing", ["xyzzyxyzzy"], 2, /^$/, /no command "xyzzyxyzzy"; "muster --help" shows/],
    ["a member of every object", ["constructor"], 2, /^$/, /no command "constructor"/],
    ["an unknown option without a verb", ["--jsno"], 2, /^$/, /no option "--jsno"; did you mean "--json"/],
    ["help as a verb", ["help", "why"], 0, /^usage: muster why <target>/, /^$/],
    ["help of nothing", ["help"], 0, /^muster keeps /, /^$/],
  ])("%s", async (_name, argv, exitCode, stdout, stderr) => {
    const outcome = await runFake(argv);
    expect(outcome.stdout).toMatch(stdout);
    expect(outcome.stderr).toMatch(stderr);
    expect(outcome.exitCode).toBe(exitCode);
  });

  test("says where it looked when no daemon answers", async () => {
    const outcome = await runFake(["status"], { client: { status: noDaemon } });
    expect(outcome.exitCode).toBe(4);
    expect(outcome.stdout).toBe("");
    expect(outcome.stderr).toStartWith(
      "muster: cannot reach the muster daemon: nobody answers on /run/muster/muster.sock",
    );
  });

  test("with --json an error is JSON too", async () => {
    const outcome = await runFake(["status", "--json"], { client: { status: noDaemon } });
    const { error } = JSON.parse(outcome.stderr);
    expect([error.code, error.data]).toEqual(["no-daemon", { socket: "/run/muster/muster.sock" }]);
    expect(error.message).toStartWith("cannot reach");
    expect(outcome.stdout).toBe("");
  });

  test("finds the daemon by its directories, wherever they are given", async () => {
    const client = { status: async () => report() };
    const sockets = async (argv: string[], environment = {}) =>
      (await runFake(argv, { client, environment })).connected;
    expect(await sockets(["status"])).toEqual(["/run/muster/muster.sock"]);
    expect(await sockets(["--run-dir", "/r", "status"])).toEqual(["/r/muster.sock"]);
    expect(await sockets(["status", "--state-dir=.state"])).toEqual(["/srv/shop/.state/run/muster.sock"]);
    expect(await sockets(["status"], { MUSTER_RUN_DIR: "/e" })).toEqual(["/e/muster.sock"]);
  });

  test("a directory that makes the socket's path too long is a usage error", async () => {
    const outcome = await runFake(["status", "--run-dir", `/${"x".repeat(120)}`]);
    expect([outcome.exitCode, outcome.connected]).toEqual([2, []]);
    expect(outcome.stderr).toContain("the system takes 107");
  });

  test("shows no stack of a fault, unless it is asked for", async () => {
    const status = async (): Promise<never> => {
      throw new TypeError("x is not\x1b[2J a function");
    };
    const plain = await runFake(["status"], { client: { status } });
    expect(plain.exitCode).toBe(1);
    expect(plain.stderr).toBe(
      "muster: a fault in this program: x is not\\x1b[2J a function; MUSTER_DEBUG=1 shows where\n",
    );
    const debug = await runFake(["status"], { client: { status }, environment: { MUSTER_DEBUG: "1" } });
    expect(debug.stderr).toContain("    at ");
  });

  test("a reader that goes away is no failure", async () => {
    const outcome = await runFake(["--help"], { writesBeforeBrokenPipe: 0 });
    expect([outcome.exitCode, outcome.stderr]).toEqual([0, ""]);
  });
});
