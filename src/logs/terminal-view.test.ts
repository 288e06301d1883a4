import { describe, expect, test } from "bun:test";
import type { LogLine } from "../model/log-line.ts";
import { droppedLine, harmless, terminalLine } from "./terminal-text.ts";
import { TerminalView } from "./terminal-view.ts";

function line(text: string, options: Partial<LogLine> = {}): LogLine {
  return { time: "", instance: "web:1", stream: "out", generation: 1, text, ...options };
}

describe("terminalLine", () => {
  test("aligns names, marks the stream, and colours the name only when asked to", () => {
    expect(terminalLine(line("hello"), { colour: false, nameWidth: 8 })).toBe("web:1    | hello\n");
    expect(terminalLine(line("oh", { stream: "err" }), { colour: false, nameWidth: 5 })).toBe("web:1 ! oh\n");
    const coloured = terminalLine(line("hello"), { colour: true, nameWidth: 5 });
    expect(coloured.replaceAll("\x1b", "E")).toMatch(/^E\[\d+mweb:1 \| E\[0mhello\n$/);
  });

  test("shows a cut line and a loss as such", () => {
    expect(terminalLine(line("abc", { cut: true }), { colour: false, nameWidth: 5 })).toBe("web:1 | abc…\n");
    expect(terminalLine(line("", { lostBytes: 12 }), { colour: false, nameWidth: 5 })).toBe(
      "web:1 | … 12 bytes lost here\n",
    );
  });

  test.each([
    ["\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m", "red"],
    ["a\tb", "a\tb", "a\tb"],
    ["\x1b[2J\x1b[Hgone", "gone", "gone"],
    ["\x1b]0;title\x07x", "]0;titlex", "]0;titlex"],
    ["\x1b[?25lhidden\rback\b\x7f\u009b2J", "hiddenback2J", "hiddenback2J"],
    ["\x1b[>4;1mkeys", "keys", "keys"],
  ])("of %j only colours are left", (text, coloured, plain) => {
    expect(harmless(text, true)).toBe(coloured);
    expect(harmless(text, false)).toBe(plain);
  });

  test("a count is easy to read", () => {
    expect(droppedLine(1_234_567)).toBe("… 1 234 567 lines not shown, see muster logs\n");
    expect(droppedLine(1)).toBe("… 1 line not shown, see muster logs\n");
  });
});

describe("TerminalView", () => {
  test("a terminal that is too slow loses lines, but not their count, and holds no more than a bound", async () => {
    const written: string[] = [];
    const taken: (() => void)[] = [];
    const out = {
      write: (text: string, done: () => void) => {
        written.push(text);
        taken.push(done);
      },
    };
    const view = new TerminalView(out, { colour: false, names: ["web:1"] });
    for (let number = 1; number <= 100_000; number++) view.show([line(`line ${number}`)]);
    view.say("muster: all is well");
    while (taken.length > 0) taken.shift()?.();
    view.show([line("the next")]);
    while (taken.length > 0) taken.shift()?.();
    await view.settled();
    const shown = written.join("").split("\n");
    const note = shown.find((text) => text.startsWith("…")) ?? "";
    const count = Number(note.replace(/\D/g, ""));
    expect(shown.filter((text) => text.startsWith("web:1 | line")).length + count).toBe(100_000);
    expect(count).toBeGreaterThan(80_000);
    expect(shown.slice(-3)).toEqual(["muster: all is well", "web:1 | the next", ""]);
  });

  test("a terminal that keeps up gets every line", () => {
    let text = "";
    const view = new TerminalView(
      {
        write: (piece: string, done: () => void) => {
          text += piece;
          done();
        },
      },
      { colour: false, names: [] },
    );
    for (let number = 1; number <= 5_000; number++) view.show([line(String(number))]);
    expect(text.split("\n").length).toBe(5_001);
    expect(text).not.toContain("not shown");
  });
});
