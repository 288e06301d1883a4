import { describe, expect, test } from "bun:test";
import { logLine } from "./log-text.ts";

describe("a line of the service's own log", () => {
  test.each([
    ["plain text, <b>é</b>", "info: plain text, <b>é</b>"],
    ["two\nlines\r\n", "info: two\\nlines\\r\\n"],
    ["\u001b[2Ja\tb\0\u007f\u009b", "info: \\x1b[2Ja\\tb\\x00\\x7f\\x9b"],
    ["\u2028\u2029", "info: \\u2028\\u2029"],
    ["", "info: "],
  ])("%j", (message, expected) => expect(logLine("info", message)).toBe(expected));
});
