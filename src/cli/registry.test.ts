import { describe, expect, test } from "bun:test";
import type { Command } from "./command.ts";
import { GLOBAL_OPTIONS, parseArguments, verbIndex } from "./parse-arguments.ts";
import { COMMANDS, loadAllCommands } from "./registry.ts";
import { runFake } from "./testing/fake-host.ts";

const commands = await loadAllCommands();
test("the overview names every command", async () => {
  expect((await runFake(["--help"])).stdout).toMatchSnapshot();
});

describe.each(commands.map((command): [string, Command] => [command.name, command]))("%s", (name, command) => {
  test("is found under its name", async () => {
    expect((await COMMANDS[name]?.())?.name).toBe(name);
  });

  test("prints its help, however it is asked", async () => {
    const [first, ...others] = await Promise.all(
      [
        [name, "--help"],
        ["-h", name],
        ["help", name],
      ].map((argv) => runFake(argv)),
    );
    expect(first?.stdout).toMatchSnapshot();
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(others.map((other) => other.stdout)).toEqual([first?.stdout ?? "", first?.stdout ?? ""]);
  });

  test("has examples that it takes itself", () => {
    expect(command.examples.length).toBeGreaterThan(0);
    for (const { line } of command.examples) {
      const [, rest] = /(?:^|[ (])muster ([^|)]*)/.exec(line) ?? [];
      const argv = (rest?.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ""));
      const index = verbIndex(argv);
      expect(argv[index]).toBe(name);
      parseArguments(command, argv.toSpliced(index, 1));
    }
  });

  test("has no option that hides another", () => {
    const options = [...command.options, ...GLOBAL_OPTIONS];
    const words = options.flatMap((option) => [`--${option.long}`, ...(option.short ? [`-${option.short}`] : [])]);
    expect(words.toSorted()).toEqual([...new Set(words)].toSorted());
  });

  test("is told in a terminal of 80 columns; only what is to be copied may be longer", async () => {
    const { stdout } = await runFake([name, "--help"], { terminal: { columns: 80, rows: 24 } });
    const long = stdout.split("\n").filter((line) => line.length > 80);
    const copied = command.examples.map(({ line }) => line);
    expect(long.filter((line) => !line.startsWith("usage: ") && !copied.includes(line.trim()))).toEqual([]);
  });

  test("refuses an option that nobody knows", async () => {
    const { exitCode, stderr, connected } = await runFake([name, "--no-such-option"]);
    expect([exitCode, connected]).toEqual([2, []]);
    expect(stderr).toStartWith(`muster: cannot run "muster ${name}": there is no option "--no-such-option"`);
  });
});
