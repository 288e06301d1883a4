import { describe, expect, test } from "bun:test";
import type { LogQuery } from "../model/log-line.ts";
import { checkQuery } from "./query.ts";

const ALL: LogQuery = {
  targets: [],
  lines: null,
  follow: false,
  since: null,
  sinceStart: false,
  grep: null,
  stream: null,
};

function codeOf(query: Partial<LogQuery>): string {
  const checked = checkQuery({ ...ALL, ...query });
  return checked.ok ? "ok" : checked.error.code;
}

describe("checkQuery", () => {
  test("takes what can be answered", () => {
    expect(codeOf({})).toBe("ok");
    expect(codeOf({ lines: 0, since: "2026-11-20T12:00:00+01:00", grep: "a|b" })).toBe("ok");
  });

  test("names what cannot", () => {
    expect(codeOf({ grep: "(" })).toBe("log-pattern-invalid");
    expect(codeOf({ since: "yesterday" })).toBe("log-time-invalid");
    expect(codeOf({ since: "" })).toBe("log-time-invalid");
    for (const lines of [-1, 1.5, Number.NaN]) expect(codeOf({ lines })).toBe("log-lines-invalid");
  });
});
