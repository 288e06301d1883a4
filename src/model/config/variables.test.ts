// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configuration files
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { environmentVariables, replaceVariables, variablesOf } from "./variables.ts";

const outer = environmentVariables({ HOME: "/home/me", EMPTY: "", LEVEL: "outer" }, () => {});
const variables = variablesOf(new Map([["LEVEL", "own"]]), outer);

describe("variables are replaced", () => {
  const cases: [string, string][] = [
    ["no dollar", "no dollar"],
    ["${HOME}/x${HOME}", "/home/me/x/home/me"],
    ["${LEVEL}", "own"],
    ["${EMPTY}|", "|"],
    ["${EMPTY:-full}", "full"],
    ["${NONE:-}", ""],
    ["${NONE:-a:-b}", "a:-b"],
    ["$$", "$"],
    ["$${HOME}", "${HOME}"],
    ["$$$${HOME}", "$${HOME}"],
    ["$HOME cost 5$", "$HOME cost 5$"],
  ];
  for (const [text, replaced] of cases) {
    test(text, () => expect(replaceVariables(text, variables)).toEqual({ text: replaced, mistakes: [] }));
  }
});

describe("mistakes leave the text as it is", () => {
  const cases: [string, string][] = [
    ["${HOM}", '"${HOM}" is neither in [variables] nor in the environment; did you mean "${HOME}"?'],
    [
      "${XYZZY}",
      '"${XYZZY}" is neither in [variables] nor in the environment; write "${XYZZY:-default}" to go on without it; "$$" is a dollar',
    ],
    ["${HOME", '"${HOME" has no closing brace; "$$" is a dollar'],
    ["${}", '"${}" is not a variable; write "${NAME}" or "${NAME:-default}"; "$$" is a dollar'],
    ["${A-B}", '"${A-B}" is not a variable; write "${NAME}" or "${NAME:-default}"; "$$" is a dollar'],
    ["${toString}", expect.stringContaining("is neither in [variables] nor") as unknown as string],
  ];
  for (const [text, message] of cases) {
    test(text, () => {
      expect(replaceVariables(text, variables)).toEqual({ text, mistakes: [{ message, needle: text }] });
    });
  }
});

test("only what is taken from the environment is told", () => {
  const taken: string[] = [];
  const told = variablesOf(
    new Map([["A", "1"]]),
    environmentVariables({ A: "2", B: "3", C: "4" }, (name) => taken.push(name)),
  );
  replaceVariables("${A} ${B} ${B}", told);
  expect(taken).toEqual(["B", "B"]);
});

test("any text with its dollars doubled stands for itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("$", "{", "}", "A", ":", "-") }), (text) => {
      expect(replaceVariables(text.replaceAll("$", "$$$$"), variables)).toEqual({ text, mistakes: [] });
    }),
  );
});
