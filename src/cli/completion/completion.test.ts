import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { skipWhen } from "../../../test/support/skip-when.ts";
import { directoryForEachTest } from "../../../test/support/temporary-directory.ts";
import { COMMANDS } from "../registry.ts";
import { runFake } from "../testing/fake-host.ts";
import { COMPLETION_SCRIPTS, SHELLS } from "./scripts.ts";

const NAMES = ["web", "web:1", "web:2", "@back"];

async function complete(...words: string[]): Promise<string[]> {
  const { stdout } = await runFake(["__complete", ...words], { client: { names: async () => NAMES } });
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t")[0] ?? "");
}

describe("what completion offers", () => {
  test.each<[string[], string[]]>([
    [["st"], ["status", "start", "stop"]],
    [["--st"], ["--state-dir"]],
    [["--json", "wh"], ["why"]],
    [["start", ""], NAMES],
    [
      ["start", "web:"],
      ["web:1", "web:2"],
    ],
    [
      ["start", "web", "w"],
      ["web:1", "web:2"],
    ],
    [["start", "@"], ["@back"]],
    [["start", "--no-w"], ["--no-wait"]],
    [
      ["start", "--", "we"],
      ["web", "web:1", "web:2"],
    ],
    [
      ["signal", "US"],
      ["USR1", "USR2"],
    ],
    [["signal", "USR1", "@"], ["@back"]],
    [
      ["watch", ""],
      ["on", "off"],
    ],
    [["watch", "off", "@"], ["@back"]],
    [["scale", ""], ["web="]],
    [
      ["logs", "--stream", ""],
      ["out", "err"],
    ],
    [["logs", "--lines", ""], []],
    [["logs", "-f", "--gr"], ["--grep"]],
    [
      ["events", "--subject", "web:"],
      ["web:1", "web:2"],
    ],
    [["events", "--severity", "f"], ["fatal"]],
    [["why", "web", ""], []],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["up", "--", "no"], []],
    [["--state-dir", ""], []],
    [["nonsense", ""], []],
    [["logs", "--stream=o"], ["--stream=out"]],
    [
      ["events", "--subject=web:"],
      ["--subject=web:1", "--subject=web:2"],
    ],
  ])("%p", async (words, offers) => {
    expect(await complete(...words)).toEqual(offers);
  });

  test("without a word, every verb", async () => {
    expect(await complete("")).toEqual(Object.keys(COMMANDS));
    expect(await complete()).toEqual(Object.keys(COMMANDS));
  });

  test("tells what a verb does", async () => {
    expect((await runFake(["__complete", "why"])).stdout).toBe("why\ttell why a service is as it is\n");
  });

  test("looks for the daemon where the line says", async () => {
    const client = { names: async () => NAMES };
    const outcome = await runFake(["__complete", "--run-dir", "/r", "start", ""], { client });
    expect(outcome.connected).toEqual(["/r/muster.sock"]);
  });

  test("is silent when no daemon is there, or none that answers", async () => {
    const refused = await runFake(["__complete", "start", ""], {
      client: { names: () => Promise.reject(new Error("no")) },
    });
    expect(refused).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    const mute = await runFake(["__complete", "start", ""], { client: { names: () => new Promise(() => {}) } });
    expect(mute).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
  });

  test("asks no daemon for what it knows itself", async () => {
    expect((await runFake(["__complete", "sta"])).connected).toEqual([]);
    expect((await runFake(["__complete", "signal", "U"])).connected).toEqual([]);
  });
});

describe("the scripts", () => {
  const directory = directoryForEachTest("completion");

  test("are what the command prints", async () => {
    for (const shell of SHELLS) expect((await runFake(["completion", shell])).stdout).toBe(COMPLETION_SCRIPTS[shell]);
    const { stderr, exitCode } = await runFake(["completion", "bsh"]);
    expect([exitCode, stderr.includes('did you mean "bash"?')]).toEqual([2, true]);
  });

  for (const shell of SHELLS) {
    skipWhen(Bun.which(shell) === null ? `${shell} is not installed` : null)(`${shell} can read its script`, () => {
      writeFileSync(directory().file("script"), COMPLETION_SCRIPTS[shell]);
      const { exitCode, stderr } = Bun.spawnSync([shell, "-n", directory().file("script")]);
      expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    });
  }

  /** What bash offers, and what the program was asked, when tab is pressed behind `words` as bash has cut them. */
  function inBash(words: readonly string[], offers: readonly string[]): { reply: string[]; asked: string[] } {
    const program = directory().file("muster");
    writeFileSync(
      program,
      `#!/bin/sh\nprintf '%s\\n' "$@" > "${directory().file("asked")}"\nprintf '%s\\tabout\\n' ${offers.join(" ")}\n`,
    );
    chmodSync(program, 0o755);
    const line = words.join("").trimStart();
    const driver = `
${COMPLETION_SCRIPTS.bash}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$LINE"; COMP_POINT=\${#LINE}
_muster
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const cut = words.map((word) => word.trim());
    const { stdout, exitCode } = Bun.spawnSync(["bash", "-c", driver, "bash", program, ...cut], {
      cwd: directory().path,
      env: { LINE: `muster ${line}`, PATH: process.env.PATH ?? "" },
    });
    expect(exitCode).toBe(0);
    return {
      reply: stdout.toString().split("\n").filter(Boolean),
      asked: readFileSync(directory().file("asked"), "utf8").split("\n").slice(0, -1),
    };
  }

  const inBashTest = skipWhen(Bun.which("bash") === null ? "bash is not installed" : null);

  inBashTest("bash asks with the words as they were typed", () => {
    expect(inBash(["start ", "w"], ["web", "worker"])).toEqual({
      reply: ["web", "worker"],
      asked: ["__complete", "start", "w"],
    });
    expect(inBash(["start ", ""], ["web"]).asked).toEqual(["__complete", "start", ""]);
  });

  inBashTest("bash gets back only what stands behind its own cut", () => {
    expect(inBash(["start ", "web", ":", ""], ["web:1", "web:2"])).toEqual({
      reply: ["1", "2"],
      asked: ["__complete", "start", "web:"],
    });
    expect(inBash(["start ", "web", ":", "1"], ["web:1", "web:10"]).reply).toEqual(["1", "10"]);
    expect(inBash(["logs ", "--stream", "=", "o"], ["--stream=out"]).reply).toEqual(["out"]);
  });

  inBashTest("bash runs nothing of what is being typed", () => {
    const { asked } = inBash(["start ", "$(touch ran)"], ["web"]);
    expect(asked).toEqual(["__complete", "start", "$(touch ran)"]);
    expect(Bun.spawnSync(["ls"], { cwd: directory().path }).stdout.toString()).not.toContain("ran");
  });
});
