import { describe, expect, test } from "bun:test";
import { formatRfc3339, parseRfc3339 } from "./rfc3339.ts";

describe("RFC 3339 in local time", () => {
  test("names the same moment, with milliseconds and an offset", () => {
    for (const wallMs of [0, 1, 951_782_400_123, 1_795_153_161_463, 4_102_444_799_999]) {
      const text = formatRfc3339(wallMs);
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
      expect(parseRfc3339(text)).toBe(wallMs);
    }
  });

  test("shows the local hour and the offset of that season", () => {
    const winter = Date.UTC(2026, 0, 15, 12, 0, 0, 7);
    const summer = Date.UTC(2026, 6, 15, 12, 0, 0, 0);
    const before = process.env.TZ;
    const shown = ["Europe/Berlin", "America/St_Johns", "UTC"].map((zone) => {
      process.env.TZ = zone;
      return [formatRfc3339(winter), formatRfc3339(summer)];
    });
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
    expect(shown).toEqual([
      ["2026-01-15T13:00:00.007+01:00", "2026-07-15T14:00:00.000+02:00"],
      ["2026-01-15T08:30:00.007-03:30", "2026-07-15T09:30:00.000-02:30"],
      ["2026-01-15T12:00:00.007+00:00", "2026-07-15T12:00:00.000+00:00"],
    ]);
  });

  test("what is not a moment is refused", () => {
    expect(() => formatRfc3339(Number.NaN)).toThrow(RangeError);
    const wrong = [
      "",
      "yesterday",
      "2026-01-15",
      "2026-01-15T13:00:00",
      "2026-13-15T13:00:00Z",
      "2026-01-15 13:00:00Z",
    ];
    for (const text of wrong) expect(parseRfc3339(text)).toBeUndefined();
    expect(parseRfc3339("2026-01-15T13:00:00+01:00")).toBe(Date.UTC(2026, 0, 15, 12));
  });
});
