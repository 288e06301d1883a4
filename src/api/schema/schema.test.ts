import { describe, expect, test } from "bun:test";
import { modelled } from "./same-type.ts";
import { choiceBy, integer, listOf, mapOf, objectOf, oneOf, orNull, type Schema, text, truth } from "./schema.ts";
import { absolutePath, timeText } from "./words.ts";

const person = objectOf({ name: text({ maxLength: 10 }), tags: listOf(text()) }, { age: integer({ minimum: 0 }) });

describe("what is taken", () => {
  const cases: readonly (readonly [Schema<unknown>, unknown])[] = [
    [person, { name: "ana", tags: [] }],
    [person, { name: "ana", tags: ["x"], age: 3 }],
    [orNull(text()), null],
    [truth(), false],
    [oneOf(["up", "down"]), "down"],
    [mapOf(integer()), { web: 3 }],
    [timeText(), "2026-01-31T12:00:00.000+01:00"],
    [timeText(), "2026-01-31T12:00:00Z"],
    [absolutePath("a file"), "/etc/muster.toml"],
  ];
  for (const [schema, value] of cases) {
    test(JSON.stringify(value), () => expect(schema.problem(value, "")).toBeNull());
  }
});

describe("what is refused, by field and reason", () => {
  const cases: readonly (readonly [Schema<unknown>, unknown, field: string, what: string])[] = [
    [person, null, "", "expected an object, received null"],
    [person, [], "", "expected an object, received a list"],
    [person, { tags: [] }, "name", "is missing"],
    [person, { name: 3, tags: [] }, "name", "expected a string, received 3"],
    [person, { name: "x".repeat(11), tags: [] }, "name", "longer than 10 characters"],
    [person, { name: "ana", tags: [1] }, "tags[0]", "expected a string, received 1"],
    [person, { name: "ana", tags: {} }, "tags", "expected a list, received an object"],
    [person, { name: "ana", tags: [], age: -1 }, "age", "received -1"],
    [person, { name: "ana", tags: [], age: 1.5 }, "age", "received 1.5"],
    [person, { name: "ana", tags: [], agee: 1 }, "agee", "is not known here; known: name, tags, age"],
    [person, JSON.parse('{"name":"ana","tags":[],"__proto__":1}'), "__proto__", "is not known here"],
    [person, JSON.parse('{"name":"ana","tags":[],"constructor":1}'), "constructor", "is not known here"],
    [listOf(text(), { minimum: 1 }), [], "", "at least 1"],
    [listOf(text(), { maximum: 1 }), ["a", "b"], "", "more than 1"],
    [mapOf(integer(), { minimum: 1 }), {}, "", "at least one key"],
    [mapOf(integer()), { web: "3" }, "web", 'expected a whole number, received "3"'],
    [oneOf(["up", "down"]), "left", "", 'one of up, down, received "left"'],
    [timeText(), "yesterday", "", 'received "yesterday"'],
    [timeText(), "2026-13-31T12:00:00Z", "", "expected a time"],
    [absolutePath("a file"), "muster.toml", "", "an absolute path"],
    [text(), { deep: true }, "", "received an object"],
    [text(), undefined, "", "received nothing"],
  ];
  for (const [schema, value, field, what] of cases) {
    test(`${JSON.stringify(value)}: ${field} ${what}`, () => {
      const problem = schema.problem(value, "");
      expect(problem?.field).toBe(field);
      expect(problem?.what).toContain(what);
    });
  }

  test("a choice names the word that tells the options apart, then what is wrong in the chosen one", () => {
    const choice = choiceBy(
      "kind",
      objectOf({ kind: oneOf(["a", "b"]), x: text() }),
      objectOf({ kind: oneOf(["c"]), y: text() }),
    );
    expect(choice.problem({ kind: "c", y: "1" }, "")).toBeNull();
    expect(choice.problem({ kind: "d" }, "")).toEqual({ field: "kind", what: 'expected one of a, b, c, received "d"' });
    expect(choice.problem({ x: "1" }, "")).toEqual({ field: "kind", what: "is missing" });
    expect(choice.problem({ kind: "c", x: "1" }, "")).toEqual({ field: "y", what: "is missing" });
  });

  test("a long value is not repeated whole", () => {
    expect(oneOf(["a"]).problem("b".repeat(1_000_000), "")?.what.length).toBeLessThan(100);
  });
});

test("a schema that differs from its model does not compile", () => {
  interface Model {
    readonly name: string;
    readonly age?: number;
  }
  modelled<Model>()(objectOf({ name: text() }, { age: integer() }));
  // @ts-expect-error a key that may be missing is forgotten
  modelled<Model>()(objectOf({ name: text() }));
  // @ts-expect-error a key too many
  modelled<Model>()(objectOf({ name: text() }, { age: integer(), more: text() }));
  // @ts-expect-error a key that may be missing is asked for
  modelled<Model>()(objectOf({ name: text(), age: integer() }));
  // @ts-expect-error another type
  modelled<Model>()(objectOf({ name: integer() }, { age: integer() }));
  expect(objectOf({ name: text() }).json).toEqual({
    type: "object",
    properties: { name: { type: "string" } },
    required: ["name"],
    additionalProperties: false,
  });
});
