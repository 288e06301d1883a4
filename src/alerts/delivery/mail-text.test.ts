import { describe, expect, test } from "bun:test";
import { mailText } from "./mail-text.ts";
import { sampleEvent, sampleNotice } from "./testing/sample-notice.ts";

const forty = Array.from({ length: 40 }, (_, number) => `service-${number}`);

describe("the text of a mail", () => {
  test("says what happened, since when, who is down with it, how to say that one looks after it, why, and the last lines", () => {
    const text = mailText([sampleNotice("db", { alert: { affected: forty, count: 3 } })]);
    expect(text.split("\n")[0]).toBe("db was given up after 10 restarts in 5m");
    expect(text).toMatch(/^Since: +20\d\d-/m);
    expect(text).toContain("Seen:         3 times");
    for (const name of forty) expect(text).toMatch(new RegExp(`\\b${name}\\b`));
    expect(text).toContain("muster ack a-db\n");
    expect(text).toContain("muster why db\n");
    expect(text).toContain("db:1: db ended with code 1");
    expect(text).toContain("  | db: out of memory");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("says what is over first, and asks nobody to look after it", () => {
    const text = mailText([sampleNotice("db", { kind: "resolved" })]);
    expect(text).toStartWith("It is over: db is ready again\nIt was: db was given up");
    expect(text).toContain("(12m)");
    expect(text).not.toContain("muster ack");
  });

  test("of a digest names every notice before all details, the worst first", () => {
    const names = Array.from({ length: 200 }, (_, number) => `s${number}`);
    const notices = [sampleNotice("over", { kind: "resolved" }), ...names.map((name) => sampleNotice(name))];
    const text = mailText([...notices, sampleNotice("worst", { alert: { severity: "fatal", affected: forty } })]);
    const list = text.slice(0, text.indexOf("-----"));
    expect(text).toStartWith("202 notices have waited and come together:\n\n* DOWN worst (+40), since ");
    for (const name of [...names, ...forty]) expect(list).toMatch(new RegExp(`\\b${name}\\b`));
    expect(list.trimEnd().split("\n").at(-2)).toStartWith("* OK over, resolved ");
  });

  test("is bounded, and says what it leaves out", () => {
    const huge = "x".repeat(1_000_000);
    const chain = Array.from({ length: 500 }, (_, number) => sampleEvent(`e${number}`, huge));
    const notice = sampleNotice("db", { alert: { message: huge }, chain, logLines: Array(1_000).fill(huge) });
    const one = mailText([notice]);
    expect(one.length).toBeLessThan(100_000);
    expect(one).toContain("more characters]");
    expect(one).toContain("[470 events in between]");
    const many = mailText(Array(50).fill(notice));
    expect(many.length).toBeLessThan(300_000);
    expect(many).toMatch(/The details of \d+ more are shown by: muster alerts/);
  });

  test("shows nothing that moves a cursor or hides", () => {
    const text = mailText([
      sampleNotice("db", { alert: { message: "a\u001b[2Jb\u202ec\u0000\r\nd\ud800" }, logLines: ["\u0007\u009b"] }),
    ]);
    expect(text).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
    expect(text).toStartWith("a\ufffd[2Jb\ufffdc\ufffd\nd\ufffd\n");
    expect(text.isWellFormed()).toBe(true);
  });
});
