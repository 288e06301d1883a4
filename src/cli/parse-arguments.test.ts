import { describe, expect, test } from "bun:test";
import { CodedError } from "../base/coded-error.ts";
import type { Command } from "./command.ts";
import { logsCommand } from "./commands/logs.ts";
import { upCommand } from "./commands/up.ts";
import { watchCommand } from "./commands/watch.ts";
import { whyCommand } from "./commands/why.ts";
import { parseArguments, verbIndex } from "./parse-arguments.ts";

function mistake(command: Command, ...argv: readonly string[]): string {
  try {
    parseArguments(command, argv);
  } catch (error) {
    if (error instanceof CodedError && error.code === "usage-wrong") return error.message;
    throw error;
  }
  return "";
}

describe("parseArguments", () => {
  test.each([
    ["long options", ["--lines", "5", "--follow", "web"]],
    ["with an equals sign", ["--lines=5", "--follow", "web"]],
    ["short ones", ["-f", "-n", "5", "web"]],
    ["short ones together", ["-fn5", "web"]],
    ["options after the words", ["web", "-n5", "-f"]],
    ["words after --", ["-fn", "5", "--", "web"]],
  ])("takes %s", (_name, argv) => {
    const input = parseArguments(logsCommand, argv);
    expect([input.has("follow"), input.text("lines"), input.words]).toEqual([true, "5", ["web"]]);
  });

  test("leaves a program's own options alone", () => {
    const input = parseArguments(upCommand, ["--keep", "--", "node", "--inspect", "app.js", "--", "x"]);
    expect(input.program).toEqual(["node", "--inspect", "app.js", "--", "x"]);
    expect([input.has("keep"), input.has("inspect"), input.words]).toEqual([true, false, []]);
  });

  test("a value may hold an equals sign and begin with a dash", () => {
    expect(parseArguments(logsCommand, ["--grep=a=b"]).text("grep")).toBe("a=b");
    expect(parseArguments(logsCommand, ["--grep", "-x"]).text("grep")).toBe("-x");
  });

  test.each<[string, Command, string[], RegExp]>([
    ["an unknown option, with a guess", logsCommand, ["--folow"], /no option "--folow"; did you mean "--follow"\?$/],
    ["an unknown option without one", logsCommand, ["--zzzzzz"], /no option "--zzzzzz"; "muster logs --help" shows/],
    ["an unknown letter", logsCommand, ["-fz"], /no option "-z"/],
    ["a value where none belongs", logsCommand, ["--follow=yes"], /"--follow" takes no value/],
    ["a value that is missing", logsCommand, ["--lines"], /"--lines" needs a value: <count>/],
    ["an empty value", logsCommand, ["--grep="], /"--grep" needs a value/],
    ["a choice that is none", logsCommand, ["--stream", "our"], /takes out, err, not "our"; did you mean "out"\?/],
    ["the same option twice", logsCommand, ["-n1", "-n2"], /"--lines" was given twice/],
    ["a missing word", whyCommand, [], /<target> is missing/],
    ["a word too many", whyCommand, ["web", "api"], /one word too many: "api"/],
    ["a wrong fixed word", watchCommand, ["of", "web"], /<switch> is on or off, not "of"; did you mean "o/],
    ["nothing after --", upCommand, ["--"], /no command after "--"/],
  ])("refuses %s", (_name, command, argv, message) => {
    expect(mistake(command, ...argv)).toMatch(message);
  });

  test("asks for no words when help is wanted", () => {
    expect(parseArguments(whyCommand, ["--help"]).has("help")).toBe(true);
  });
});

describe("verbIndex", () => {
  test.each<[string[], number]>([
    [["status"], 0],
    [["--json", "status"], 1],
    [["--state-dir", "/s", "status", "web"], 2],
    [["--state-dir=/s", "status"], 1],
    [["--version"], -1],
    [["--", "status"], -1],
    [[], -1],
  ])("%p", (argv, index) => {
    expect(verbIndex(argv)).toBe(index);
  });
});
