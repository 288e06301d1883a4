import { describe, expect, test } from "bun:test";
import type { Notice } from "../../model/alert.ts";
import { mailSubject } from "./mail-words.ts";
import { sampleNotice } from "./testing/sample-notice.ts";

const forty = Array.from({ length: 40 }, (_, number) => `service-${number}`);

describe("the subject of a mail", () => {
  const cases: readonly (readonly [string, readonly Notice[]])[] = [
    ["DOWN db on host1", [sampleNotice("db")]],
    ["DOWN db (+40) on host1", [sampleNotice("db", { kind: "joined", alert: { affected: forty } })]],
    ["STILL DOWN db on host1", [sampleNotice("db", { kind: "reminder" })]],
    ["OK db on host1 after 12m", [sampleNotice("db", { kind: "resolved" })]],
    ["OK db on host1", [sampleNotice("db", { kind: "resolved", alert: { raisedAt: "yesterday" } })]],
    ["FLAPPING db on host1", [sampleNotice("db", { alert: { kind: "flapping" } })]],
    ["NOISY db on host1", [sampleNotice("db", { alert: { kind: "suppressed" } })]],
    ["FATAL muster on host1", [sampleNotice("muster", { alert: { kind: "supervision", severity: "fatal" } })]],
    [
      "WARN web:1 on host1: disk is nearly full",
      [sampleNotice("web:1", { alert: { kind: "said", severity: "warn", message: "disk is nearly\nfull" } })],
    ],
    ["TEST of alerts on host1", [sampleNotice("muster", { kind: "test" })]],
    ["DOWN db on www", [sampleNotice("db", { host: "www.example.org" })]],
    [
      "DOWN bad (+40) and 3 more on host1",
      [
        sampleNotice("over", { kind: "resolved", alert: { severity: "fatal" } }),
        sampleNotice("warned", { alert: { severity: "warn" } }),
        sampleNotice("bad", { alert: { affected: forty } }),
        sampleNotice("later"),
      ],
    ],
  ];
  for (const [subject, notices] of cases) test(subject, () => expect(mailSubject(notices)).toBe(subject));

  test("fits a telephone, whatever the names are", () => {
    const long = "n".repeat(300);
    for (const kind of ["raised", "resolved", "reminder"] as const) {
      const notice = sampleNotice(long, { kind, host: long, alert: { affected: forty, message: long } });
      expect([...mailSubject([notice])].length).toBeLessThanOrEqual(60);
      expect([...mailSubject([notice, notice])].length).toBeLessThanOrEqual(60);
    }
    expect(mailSubject([])).toBe("");
  });
});
