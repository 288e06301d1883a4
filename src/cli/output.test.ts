import { expect, test } from "bun:test";
import { jsonLines } from "./output.ts";

test("JSON on a terminal obeys no program's words, and is the same value", () => {
  const said = { message: "a\x7f\x9b31m\u2028\u202e\x1b[2J\n<b>é🙂" };
  const line = jsonLines([said]);
  expect(line).toBe('{"message":"a\\u007f\\u009b31m\\u2028\\u202e\\u001b[2J\\n<b>é🙂"}\n');
  expect(JSON.parse(line)).toEqual(said);
});
