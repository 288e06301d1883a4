// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configuration files
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { escapePlaceholders, fillText, placeholderMistakes } from "./placeholders.ts";

const values = { service: "web", instance: "2", port: "8082" };

describe("placeholders are filled", () => {
  const cases: [string, string][] = [
    ["{service}.{instance}:{port}", "web.2:8082"],
    ["{{port}", "{port}"],
    ["{{{port}}", "{8082}"],
    ['{"a": {port}}', '{"a": 8082}'],
    ["${HOME} ${port}", "${HOME} ${port}"],
    ["awk '{ print $1 }'", "awk '{ print $1 }'"],
    ["{}", "{}"],
  ];
  for (const [text, filled] of cases) test(text, () => expect(fillText(text, values)).toBe(filled));
});

describe("mistakes", () => {
  const cases: [string, boolean, string[]][] = [
    ["{port}", true, []],
    ["{port}", false, [`"{port}" stands for nothing: the service has no "port"; give it one`]],
    ["{prot}", true, [`"{prot}" is not a placeholder; did you mean "{port}"?`]],
    [
      "{a} {b}",
      true,
      ["a", "b"].map(
        (name) => `"{${name}}" is not a placeholder; there are {service}, {instance} and {port}; "{{" is a brace`,
      ),
    ],
    ["{{prot} ${x} {1}", false, []],
  ];
  for (const [text, hasPort, messages] of cases) {
    test(`${text} ${hasPort ? "with" : "without"} a port`, () => {
      expect(placeholderMistakes(text, hasPort).map((mistake) => mistake.message)).toEqual(messages);
    });
  }
});

test("an escaped text stands for itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("{", "}", "$", "port", "x", '"', " ") }), (text) => {
      expect(fillText(escapePlaceholders(text), values)).toBe(text);
      expect(placeholderMistakes(escapePlaceholders(text), false)).toEqual([]);
    }),
  );
});
