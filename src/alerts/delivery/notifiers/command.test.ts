import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { failOnLeaks } from "../../../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../../../test/support/temporary-directory.ts";
import { waitForFile, waitForProcessEnd } from "../../../../test/support/wait-for.ts";
import type { Clock } from "../../../base/clock.ts";
import { SystemClock } from "../../../platform/clock.ts";
import { openLibc } from "../../../platform/libc.ts";
import { VirtualClock } from "../../../platform/virtual-clock.ts";
import { DELIVERED } from "../notifier.ts";
import { sampleNotice } from "../testing/sample-notice.ts";
import { makeNotifiers } from "./make-notifiers.ts";

const ENVIRONMENT = {
  PATH: process.env.PATH ?? "",
  LANG: "C.UTF-8",
  SMTP_PASSWORD: "secret",
  npm_config_x: "y",
  MUSTER_STATE_DIR: "/x",
};

function run(command: readonly string[], wish: { clock?: Clock; message?: string; signal?: AbortSignal } = {}) {
  const clock = wish.clock ?? new SystemClock(openLibc());
  const [notifier] = makeNotifiers([{ kind: "command", name: "page", severity: "warn", timeoutMs: 10_000, command }], {
    clock,
    environment: ENVIRONMENT,
    libc: openLibc(),
    host: "host1",
  });
  const notice = sampleNotice("db", { alert: { message: wish.message ?? "down" } });
  return notifier?.deliver([notice], wish.signal ?? new AbortController().signal);
}

const shell = (script: string, ...words: string[]) => ["/bin/sh", "-c", script, ...words];

describe("a command", () => {
  failOnLeaks();
  const directory = directoryForEachTest("command");

  test("gets its words as they are, without a shell", async () => {
    const file = directory().file("out");
    expect(await run(shell('printf "%s|" "$@" > "$0"', file, "$HOME; true", "a b", ""))).toEqual(DELIVERED);
    expect(readFileSync(file, "utf8")).toBe("$HOME; true|a b||");
  });

  test("gets the notices on its standard input and little of the daemon's environment", async () => {
    const files = [directory().file("in"), directory().file("env")] as const;
    expect(await run(shell('cat > "$0"; env > "$1"', ...files))).toEqual(DELIVERED);
    expect(JSON.parse(readFileSync(files[0], "utf8"))).toMatchObject({ notices: [{ id: "a-db.raised" }] });
    const names = readFileSync(files[1], "utf8").match(/^\w+(?==)/gm) ?? [];
    expect(names.filter((name) => !["PATH", "LANG", "PWD", "OLDPWD", "SHLVL", "_"].includes(name))).toEqual([]);
  });

  test("that does not read what it gets has done its work all the same", async () => {
    expect(await run(shell("exit 0"), { message: "x".repeat(1_000_000) })).toEqual(DELIVERED);
    expect(await run(shell("exec < /dev/null; exit 0"), { message: "x".repeat(1_000_000) })).toEqual(DELIVERED);
  });

  for (const [code, permanent] of [
    [1, false],
    [64, false],
    [65, true],
    [75, false],
    [127, false],
  ] as const) {
    test(`that ends with ${code} is ${permanent ? "given up" : "tried again"}, and its last line says why`, async () => {
      const outcome = await run(shell(`echo first >&2; printf 'no\\033[2J pager\\n\\n' >&2; exit ${code}`));
      expect(outcome).toMatchObject({ permanent, reason: `no [2J pager (code ${code})` });
    });
  }

  test("that says nothing, was killed, or is not there is told apart", async () => {
    expect(await run(shell("exit 3"))).toMatchObject({ reason: "it ended with code 3" });
    expect(await run(shell("kill -9 $$"))).toMatchObject({ reason: "it was killed by KILL" });
    expect(await run(["/nowhere/page"])).toMatchObject({ reason: "/nowhere/page cannot be run (ENOENT)" });
    const file = directory().file("page");
    writeFileSync(file, "no program", { mode: 0o600 });
    expect(await run([file])).toMatchObject({ reason: `${file} cannot be run (EACCES)` });
  });

  test("that floods its standard error costs no memory", async () => {
    const outcome = await run(shell("head -c 20000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo end >&2; exit 1"));
    expect(outcome).toMatchObject({ reason: "end (code 1)" });
  });

  test("that leaves something behind is not waited for", async () => {
    const file = directory().file("pid");
    expect(await run(shell('sleep 600 & echo $! > "$0"; echo gone >&2; exit 1', file))).toMatchObject({
      reason: "gone (code 1)",
    });
    process.kill(Number(readFileSync(file, "utf8")), "SIGKILL");
  });

  for (const how of ["the time-out", "an abort"]) {
    test(`has a session of its own, which ${how} ends whole`, async () => {
      const file = directory().file("pids");
      const script = 'sleep 600 & echo "$$ $! $(cut -d" " -f6 /proc/$$/stat)" > "$0.new"; mv "$0.new" "$0"; wait';
      const clock = new VirtualClock();
      const controller = new AbortController();
      const outcome = run(shell(script, file), { clock, signal: controller.signal });
      await waitForFile(file);
      const [own = 0, child = 0, session] = readFileSync(file, "utf8").trim().split(" ").map(Number);
      expect(session).toBe(own);
      if (how === "an abort") controller.abort();
      else clock.advance(10_000);
      expect(await outcome).toMatchObject({ kind: "failed", permanent: false });
      await waitForProcessEnd(own);
      await waitForProcessEnd(child);
      // The grace for the end of its complaint.
      clock.advance(1_000);
    });
  }
});
