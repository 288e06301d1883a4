import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeSaying, parseNotification } from "./notification.ts";
import { cutText } from "./notification-text.ts";
import { MESSAGE_LIMIT_BYTES, type Notification, type Saying } from "./saying.ts";
import { SEVERITIES } from "./severity.ts";

const NOTHING: Notification = {
  ready: false,
  reloading: false,
  stopping: false,
  status: null,
  watchdog: null,
  watchdogMs: null,
  extendMs: null,
  mainPid: null,
  errno: null,
  token: null,
  saying: null,
  refused: [],
};

const parse = (...lines: string[]) => parseNotification(Buffer.from(lines.join("\n")));
const sizeBytes = (text: string) => Buffer.byteLength(text);

describe("words of sd_notify", () => {
  test.each<[string, Partial<Notification>]>([
    ["READY=1", { ready: true }],
    ["RELOADING=1\nMONOTONIC_USEC=5", { reloading: true }],
    ["STOPPING=1", { stopping: true }],
    ["STATUS=42 of 100 % done\t<b>", { status: "42 of 100 % done\t<b>" }],
    ["STATUS=", { status: "" }],
    ["STATUS=a=b", { status: "a=b" }],
    ["WATCHDOG=1", { watchdog: "alive" }],
    ["WATCHDOG=trigger", { watchdog: "trigger" }],
    ["WATCHDOG_USEC=20000000", { watchdogMs: 20_000 }],
    ["WATCHDOG_USEC=1", { watchdogMs: 1 }],
    ["WATCHDOG_USEC=0", { watchdogMs: 0 }],
    ["WATCHDOG_USEC=18446744073709551615", { watchdogMs: 0 }],
    ["EXTEND_TIMEOUT_USEC=1500", { extendMs: 2 }],
    ["MAINPID=4194304", { mainPid: 4_194_304 }],
    ["ERRNO=2", { errno: 2 }],
    ["READY=1\nREADY=1\n", { ready: true }],
    ["MAINPID=7\nREADY=1\nSTATUS=up", { mainPid: 7, ready: true, status: "up" }],
  ])("%p", (text, expected) => {
    expect(parse(text)).toEqual({ ...NOTHING, ...expected });
  });

  test.each([
    ...["", "\n\n", "BARRIER=1", "FDSTORE=1\nFDNAME=x", "NOTIFYACCESS=all", "BUSERROR=a", "VARLINKERROR=b", "X_MINE=1"],
    ...["EXIT_STATUS=1", "MONOTONIC_USEC=x", "ready=1", "constructor=1"],
  ])("%p is skipped without a word", (text) => {
    expect(parse(text)).toEqual(NOTHING);
  });

  test.each([
    ["READY=0", 'READY is 1, not "0"'],
    ["READY=", 'READY is 1, not ""'],
    ["STOPPING=yes", 'STOPPING is 1, not "yes"'],
    ["WATCHDOG=2", 'WATCHDOG is 1 or trigger, not "2"'],
    ["WATCHDOG_USEC=-1", 'WATCHDOG_USEC is a whole number from 0 to 31622400000000, not "-1"'],
    ["WATCHDOG_USEC=1e3", 'WATCHDOG_USEC is a whole number from 0 to 31622400000000, not "1e3"'],
    [
      "EXTEND_TIMEOUT_USEC=18446744073709551615",
      'EXTEND_TIMEOUT_USEC is a whole number from 0 to 31622400000000, not "18446744073709551615"',
    ],
    ["MAINPID=1", 'MAINPID is a whole number from 2 to 4194304, not "1"'],
    ["MAINPID=4194305", 'MAINPID is a whole number from 2 to 4194304, not "4194305"'],
    ["MAINPID= 7", 'MAINPID is a whole number from 2 to 4194304, not " 7"'],
    ["ERRNO=-2", 'ERRNO is a whole number from 0 to 4095, not "-2"'],
    ["hello", "a line is not KEY=value"],
    ["=1\nhello\n", "2 lines are not KEY=value"],
  ])("%p is refused in words", (text, reason) => {
    expect(parse(text)).toEqual({ ...NOTHING, refused: [reason] });
  });

  test("what is refused takes nothing else along", () => {
    const { ready, status, refused } = parse("READY=1", "MAINPID=x", "STATUS=fine", "noise");
    expect({ ready, status, refused: refused.length }).toEqual({ ready: true, status: "fine", refused: 2 });
  });

  test("of two values of one key the first counts", () => {
    expect(parse("STATUS=a", "STATUS=b", "STATUS=c")).toEqual({
      ...NOTHING,
      status: "a",
      refused: ["STATUS is there more than once; the first counts"],
    });
  });
});

describe("Muster's own words", () => {
  const say = (...lines: string[]) => parse(...lines).saying;

  test("a datagram may hold both kinds", () => {
    expect(parse("READY=1", "MUSTER_ID=log", "MUSTER_MESSAGE=hello", "MUSTER_TOKEN=ab12")).toEqual({
      ...NOTHING,
      ready: true,
      token: "ab12",
      saying: { id: "log", severity: "info", message: "hello" },
    });
  });

  test.each<[string, Saying]>([
    ["MUSTER_ID=started_ok", { id: "started_ok" }],
    ["MUSTER_ID=start_failed\nMUSTER_MESSAGE=no disk", { id: "start_failed", message: "no disk" }],
    ["MUSTER_ID=start_failed", { id: "start_failed", message: "no reason was given" }],
    ["MUSTER_ID=start_failed\nMUSTER_MESSAGE=", { id: "start_failed", message: "no reason was given" }],
    ["MUSTER_ID=maintenance", { id: "maintenance", progress: null, message: null }],
    ["MUSTER_PROGRESS=1\nMUSTER_ID=maintenance", { id: "maintenance", progress: 1, message: null }],
    ["MUSTER_ID=maintenance\nMUSTER_PROGRESS=100", { id: "maintenance", progress: 100, message: null }],
    ["MUSTER_ID=alert\nMUSTER_MESSAGE=x", { id: "alert", severity: "error", message: "x", counter: null }],
    [
      "MUSTER_ID=alert\nMUSTER_COUNTER=hits\nMUSTER_VALUE=-1.5e3",
      { id: "alert", severity: "error", message: null, counter: { name: "hits", value: -1_500 } },
    ],
  ])("%p", (text, expected) => {
    expect(parse(text)).toEqual({ ...NOTHING, saying: expected });
  });

  test("a message keeps its lines, backslashes, control characters and HTML", () => {
    expect(say("MUSTER_ID=log", "MUSTER_MESSAGE=a\\nb\\\\nc\\td\\ <script>\x1b[2J\0\r")).toEqual({
      id: "log",
      severity: "info",
      message: "a\nb\\nc\\td\\ <script>\x1b[2J\0\r",
    });
  });

  test("bytes that are no UTF-8 become U+FFFD, a byte order mark stays", () => {
    const bytes = Buffer.concat([Buffer.from("MUSTER_ID=log\nMUSTER_MESSAGE=\ufeffa"), Buffer.from([0xff, 0xc3])]);
    expect(parseNotification(bytes).saying).toEqual({ id: "log", severity: "info", message: "\ufeffa\ufffd\ufffd" });
  });

  test.each<[string, Saying | null, string]>([
    [
      "MUSTER_ID=start_ok",
      null,
      'MUSTER_ID is one of started_ok, start_failed, maintenance, log, alert, not "start_ok"; did you mean "started_ok"?',
    ],
    ["MUSTER_ID=", null, 'MUSTER_ID is one of started_ok, start_failed, maintenance, log, alert, not ""'],
    ["MUSTER_MESSAGE=lost\nMUSTER_VALUE=1", null, "MUSTER_VALUE, MUSTER_MESSAGE without MUSTER_ID"],
    ["MUSTER_PROGRES=1", null, 'there is no "MUSTER_PROGRES"; did you mean "MUSTER_PROGRESS"?'],
    [
      "MUSTER_ID=started_ok\nMUSTER_MESSAGE=x",
      { id: "started_ok" },
      "MUSTER_ID=started_ok does not take MUSTER_MESSAGE",
    ],
    [
      "MUSTER_ID=maintenance\nMUSTER_PROGRESS=0",
      { id: "maintenance", progress: null, message: null },
      'MUSTER_PROGRESS is a whole number from 1 to 100, not "0"',
    ],
    [
      "MUSTER_ID=maintenance\nMUSTER_PROGRESS=101",
      { id: "maintenance", progress: null, message: null },
      'MUSTER_PROGRESS is a whole number from 1 to 100, not "101"',
    ],
    ["MUSTER_ID=log", null, "MUSTER_ID=log needs MUSTER_MESSAGE"],
    [
      "MUSTER_ID=log\nMUSTER_MESSAGE=x\nMUSTER_SEVERITY=WARN",
      { id: "log", severity: "info", message: "x" },
      'MUSTER_SEVERITY is one of debug, info, warn, error, fatal, not "WARN"; did you mean "warn"?',
    ],
    [
      "MUSTER_ID=log\nMUSTER_MESSAGE=x\nMUSTER_COUNTER=y",
      { id: "log", severity: "info", message: "x" },
      "MUSTER_ID=log does not take MUSTER_COUNTER",
    ],
    ["MUSTER_ID=alert", null, "MUSTER_ID=alert needs MUSTER_MESSAGE, or MUSTER_COUNTER and MUSTER_VALUE"],
    [
      "MUSTER_ID=alert\nMUSTER_MESSAGE=x\nMUSTER_VALUE=1",
      { id: "alert", severity: "error", message: "x", counter: null },
      "MUSTER_VALUE without MUSTER_COUNTER",
    ],
    [
      "MUSTER_ID=alert\nMUSTER_MESSAGE=x\nMUSTER_COUNTER=9\nMUSTER_VALUE=1",
      { id: "alert", severity: "error", message: "x", counter: null },
      'MUSTER_COUNTER is a name of letters, digits, _, . and -, with a letter or _ first, at most 63, not "9"',
    ],
    [
      "MUSTER_ID=alert\nMUSTER_MESSAGE=x\nMUSTER_COUNTER=n\nMUSTER_VALUE=1e999",
      { id: "alert", severity: "error", message: "x", counter: null },
      'MUSTER_VALUE is a decimal number, not "1e999"',
    ],
  ])("%p is refused in words, the rest counts", (text, saying, reason) => {
    expect(parse(text)).toEqual({ ...NOTHING, saying, refused: [reason] });
  });

  test("a foreign text is quoted only in part", () => {
    const [reason = ""] = parse(`MUSTER_ID=${"🐘".repeat(20_000)}`).refused;
    expect(reason).toEndWith(`not "${"🐘".repeat(60)}…"`);
  });

  test("a datagram of nothing but mistakes is refused in a few words", () => {
    const lines = Array.from({ length: 9_000 }, (_, index) => `READY=${index}\nMUSTER_${index}=1\nnoise`);
    expect(parse(...lines).refused.join("").length).toBeLessThan(400);
  });
});

describe("long texts", () => {
  test("are cut at a character, with a mark that says how long they were", () => {
    const text = `x${"é".repeat(5_000)}`;
    const cut = cutText(text);
    expect(cut).toMatch(/^xé+ \[cut: 10001 bytes in all\]$/);
    expect(sizeBytes(cut)).toBeWithin(MESSAGE_LIMIT_BYTES - 1, MESSAGE_LIMIT_BYTES + 1);
    expect(cutText(cut)).toBe(cut);
  });

  test("of exactly the limit are whole", () => {
    const text = "é".repeat(MESSAGE_LIMIT_BYTES / 2);
    expect(cutText(text)).toBe(text);
  });

  test("are cut by who sends and by who reads", () => {
    const message = "m".repeat(1_048_576);
    const cut = `${"m".repeat(MESSAGE_LIMIT_BYTES - 29)} [cut: 1048576 bytes in all]`.slice(-MESSAGE_LIMIT_BYTES);
    const encoded = encodeSaying({ id: "start_failed", message }, null);
    expect(encoded.length).toBeLessThan(MESSAGE_LIMIT_BYTES + 100);
    expect(parseNotification(encoded).saying).toMatchObject({ message: expect.stringContaining("1048576 bytes") });
    const read = parse("MUSTER_ID=start_failed", `MUSTER_MESSAGE=${message}`, `STATUS=${message}`);
    for (const text of [read.status ?? "", read.saying?.id === "start_failed" ? read.saying.message : ""]) {
      expect(sizeBytes(text)).toBe(MESSAGE_LIMIT_BYTES);
      expect(text.slice(-25)).toBe(cut.slice(-25));
    }
  });
});

describe("for any input", () => {
  const message = fc.string({ unit: "binary", minLength: 1, maxLength: 600 }).map((text) => text.toWellFormed());
  const optional = fc.option(message);
  const severity = fc.constantFrom(...SEVERITIES);
  const counter = fc.record({
    name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  });
  const saying: fc.Arbitrary<Saying> = fc.oneof(
    fc.constant({ id: "started_ok" as const }),
    fc.record({ id: fc.constant("start_failed" as const), message }),
    fc.record({
      id: fc.constant("maintenance" as const),
      progress: fc.option(fc.integer({ min: 1, max: 100 })),
      message: optional,
    }),
    fc.record({ id: fc.constant("log" as const), severity, message }),
    fc.record({ id: fc.constant("alert" as const), severity, message, counter: fc.option(counter) }),
    fc.record({ id: fc.constant("alert" as const), severity, message: optional, counter }),
  );
  const token = fc.option(fc.stringMatching(/^[0-9a-f]{1,64}$/));

  test("what is said is what is read", () => {
    fc.assert(
      fc.property(saying, token, (said, by) => {
        expect(parseNotification(encodeSaying(said, by))).toEqual({ ...NOTHING, token: by, saying: said });
      }),
      { numRuns: 500 },
    );
  });

  test("the shim can tell a log and an alert by the first bytes", () => {
    fc.assert(
      fc.property(saying, token, (said, by) => {
        expect(Buffer.from(encodeSaying(said, by)).toString()).toStartWith(`MUSTER_ID=${said.id}\n`);
      }),
    );
  });

  test("no bytes throw, and all that is read keeps its limits", () => {
    const key = fc.constantFrom(
      ...["READY", "STATUS", "WATCHDOG", "WATCHDOG_USEC", "MAINPID", "ERRNO", "MUSTER_ID", "MUSTER_SEVERITY"],
      ...["MUSTER_PROGRESS", "MUSTER_COUNTER", "MUSTER_VALUE", "MUSTER_MESSAGE", "MUSTER_TOKEN", "MUSTER_X"],
    );
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.integer().map(String),
      fc.constantFrom("alert", "1", "log"),
    );
    const line = fc.tuple(key, value).map(([name, text]) => Buffer.from(`${name}=${text}\n`));
    const piece = fc.oneof(line, fc.uint8Array({ maxLength: 40 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { saying: said, status } = parseNotification(Buffer.concat(pieces));
        expect(sizeBytes(status ?? "")).toBeLessThanOrEqual(MESSAGE_LIMIT_BYTES);
        if (said?.id === "maintenance" && said.progress !== null) expect(said.progress).toBeWithin(1, 101);
      }),
      { numRuns: 1_000 },
    );
  });
});
