import { describe, expect, test } from "bun:test";
import type { AlertsSpec, ChannelSpec } from "../alerts-spec.ts";
import { DEFAULT_ALERTS } from "./default-alerts.ts";
import { loadTexts, mistakesIn } from "./testing/load-texts.ts";

async function alertsOf(text: string): Promise<AlertsSpec> {
  return (await loadTexts(text)).host.alerts;
}

async function channelOf(kind: string, lines: string): Promise<ChannelSpec | undefined> {
  return (await alertsOf(`[alerts.${kind}.x]\n${lines}`)).channels[0];
}

const WHOLE = `
[alerts]
group_wait = "1s"
join = "10s"
reminders = ["30m", "2h"]
quiet = "12h"
crash_loop = 5
flapping = { results = 11, begin = 40, end = 20, every = "1m" }
suppress = { events = 0, within = "1s", quiet = "5m" }

[alerts.mail.admin]
server = "smtps://mail.example.com"
authority = "ca.pem"
user = "muster"
password_file = "secret"
from = "muster@example.com"
to = { "ops@example.com" = "error", "boss@example.com" = "fatal" }

[alerts.webhook.chat]
url = "https://chat.example.com/a?b=c"
secret_environment = "CHAT_SECRET"
severity = "error"

[alerts.command.page]
command = "./page.sh --team 'a b'"
severity = "fatal"
timeout = "5s"
`;

describe("what [alerts] says", () => {
  test("all of it", async () => {
    expect(await alertsOf(WHOLE)).toEqual({
      groupWaitMs: 1_000,
      joinMs: 10_000,
      remindersMs: [1_800_000, 7_200_000],
      quietMs: 43_200_000,
      crashLoop: 5,
      flapping: { results: 11, beginPercent: 40, endPercent: 20, everyMs: 60_000 },
      suppress: { events: 0, withinMs: 1_000, quietMs: 300_000 },
      channels: [
        {
          kind: "mail",
          name: "admin",
          host: "mail.example.com",
          port: 465,
          tls: "always",
          authority: "/etc/muster/ca.pem",
          user: "muster",
          password: { kind: "file", path: "/etc/muster/secret" },
          from: "muster@example.com",
          recipients: [
            { address: "ops@example.com", severity: "error" },
            { address: "boss@example.com", severity: "fatal" },
          ],
          severity: "error",
          timeoutMs: 30_000,
        },
        {
          kind: "webhook",
          name: "chat",
          url: "https://chat.example.com/a?b=c",
          secret: { kind: "environment", variable: "CHAT_SECRET" },
          severity: "error",
          timeoutMs: 10_000,
        },
        {
          kind: "command",
          name: "page",
          command: ["/etc/muster/page.sh", "--team", "a b"],
          severity: "fatal",
          timeoutMs: 5_000,
        },
      ],
    });
  });

  test("nothing: the defaults of the schema are those that hold without it", async () => {
    expect(await alertsOf("[alerts]")).toEqual(DEFAULT_ALERTS);
  });

  const mail: readonly (readonly [lines: string, part: object])[] = [
    [
      'server = "smtp://mail.example.com"\nto = ["ops@example.com"]',
      {
        host: "mail.example.com",
        port: 587,
        tls: "required",
        authority: null,
        user: null,
        password: null,
        from: "muster@host.example.com",
        recipients: [{ address: "ops@example.com", severity: "warn" }],
        severity: "warn",
      },
    ],
    ['server = "smtp://[::1]:25/"\nto = ["root@localhost"]\ntls = "never"', { host: "::1", port: 25, tls: "never" }],
    [
      'server = "smtp://a"\nto = ["a@b", "c@d", "a@b"]\nseverity = "info"',
      {
        recipients: [
          { address: "a@b", severity: "info" },
          { address: "c@d", severity: "info" },
        ],
      },
    ],
    [
      'server = "smtps://a:2465"\nto = { "grün+tag@bücher.example" = "debug" }\ntls = "always"',
      { port: 2_465, tls: "always", severity: "debug" },
    ],
    [
      'server = "smtp://a"\nto = ["x@[192.0.2.1]"]\nuser = "u"\npassword_environment = "SMTP_PASSWORD"',
      { user: "u", password: { kind: "environment", variable: "SMTP_PASSWORD" } },
    ],
  ];
  for (const [lines, part] of mail) {
    test(lines.replaceAll("\n", "; "), async () => expect(await channelOf("mail", lines)).toMatchObject(part));
  }

  test("a command without a slash is looked up, an absolute one stays", async () => {
    expect(await channelOf("command", 'command = "logger -t muster"')).toMatchObject({
      command: ["logger", "-t", "muster"],
      severity: "warn",
      timeoutMs: 30_000,
    });
    expect(await channelOf("command", 'command = ["/bin/page", "./x"]')).toMatchObject({
      command: ["/bin/page", "./x"],
    });
  });

  test("no reminders at all", async () => {
    expect((await alertsOf("[alerts]\nreminders = []")).remindersMs).toEqual([]);
  });
});

/** Lines of `[alerts]`; the place counts from the first of them. */
const IN_ALERTS: readonly (readonly [lines: string, ...mistakes: string[]])[] = [
  ['groupwait = "1s"', '1:1: alerts.groupwait: is not a known key; did you mean "group_wait"?'],
  ["group_wait = 5", '1:14: alerts.group_wait: 5 has no unit; write it in quotes with one, as in "5s"'],
  ['join = "2d"', '1:8: alerts.join: "2d" is too long; the most is "1d"'],
  ['quiet = "0s"', '1:9: alerts.quiet: "0s" is too short; the least is "1s"'],
  ['reminders = "1h"', '1:13: alerts.reminders: must be a list of durations, as in ["1h", "4h"], not "1h"'],
  [
    'reminders = ["4h", "1h"]',
    "1:20: alerts.reminders[1]: is not later than the one before; write them in rising order",
  ],
  ['reminders = ["1h", "soon"]', expect.stringMatching(/^1:20: alerts\.reminders\[1\]: "soon" is not a duration/)],
  ["crash_loop = 0", "1:14: alerts.crash_loop: 0 is not between 1 and 1000"],
  ["flapping = { results = 2 }", "1:24: alerts.flapping.results: 2 is not between 3 and 1000"],
  ["flapping = { begin = 101 }", "1:22: alerts.flapping.begin: 101 is not between 1 and 100"],
  ["flapping = { begin = 0.5 }", "1:22: alerts.flapping.begin: must be a whole number of percent, not 0.5"],
  [
    "flapping = { begin = 20 }",
    '1:12: alerts.flapping: "end" is above "begin": it would begin and end at once; make "begin" the higher one',
  ],
  ['flapping = { every = "1ms" }', '1:22: alerts.flapping.every: "1ms" is too short; the least is "1s"'],
  ["suppress = { events = -1 }", "1:23: alerts.suppress.events: -1 is not between 0 and 1000000"],
  ['suppress = { within = "0s" }', '1:23: alerts.suppress.within: "0s" is too short; the least is "1ms"'],
  ['suppress = { quiet = "0s" }', '1:22: alerts.suppress.quiet: "0s" is too short; the least is "1ms"'],
  ["mail = 5", "1:8: alerts.mail: must be a table, not 5"],
  ['email = { x = "y" }', '1:1: alerts.email: is not a known key; did you mean "mail"?'],
  [
    'command."a b" = { command = "x" }',
    '1:9: alerts.command."a b": "a b" is not a name that is allowed; write up to 63 letters, digits, "_" and "-", beginning with a letter or digit',
  ],
  [
    'webhook.ops = { url = "http://a" }\ncommand.ops = { command = "x" }',
    "2:9: alerts.command.ops: is the name of alerts.webhook.ops already; choose another",
  ],
];

/** Lines of a channel of the kind; what is not about them is left out of the names. */
const IN_CHANNEL: readonly (readonly [kind: string, lines: string, ...mistakes: string[]])[] = [
  ["mail", 'to = ["a@b"]', '0:14: server: is missing; write it, as in "smtp://mail.example.com:587"'],
  ["mail", 'server = "smtp://a"', '0:14: to: is missing; write it, as in ["ops@example.com"]'],
  [
    "mail",
    'server = "mail.example.com"\nto = ["a@b"]',
    '1:10: server: "mail.example.com" is not a mail server; write it as in "smtp://mail.example.com:587" or "smtps://mail.example.com"',
  ],
  [
    "mail",
    'server = "smtp://u:hush@mail.example.com"\nto = ["a@b"]',
    '1:10: server: holds a user; write "user" and "password_file" as keys of their own, and here the server',
  ],
  ["mail", 'server = "smtp://a:70000"\nto = ["a@b"]', "1:10: server: port 70000 is not between 1 and 65535"],
  [
    "mail",
    'server = 5\nto = ["a@b"]',
    '1:10: server: must be a mail server in quotes, as in "smtp://mail.example.com:587", not 5',
  ],
  ["mail", 'server = "smtp://a"\nto = []', '2:6: to: names nobody; write an address, as in ["ops@example.com"]'],
  ["mail", 'server = "smtp://a"\nto = {}', '2:6: to: names nobody; write an address, as in ["ops@example.com"]'],
  [
    "mail",
    'server = "smtp://a"\nto = "a@b"',
    '2:6: to: must be a list of mail addresses, as in ["ops@example.com"], or a table of them and severities, not "a@b"',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = ["a@b", "ops"]',
    '2:14: to[1]: "ops" is not a mail address; write it as in "ops@example.com"',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = ["a@b\\r\\nBcc: c@d"]',
    '2:7: to[0]: "a@b\\u000d\\nBcc: c@d" is not a mail address; write it as in "ops@example.com"',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = { "a@b\\n" = "warn" }',
    '2:18: to."a@b\\n": "a@b\\n" is not a mail address; write it as in "ops@example.com"',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = ["Ops <ops@example.com>"]',
    '2:7: to[0]: "Ops <ops@example.com>" is not a mail address; write it as in "ops@example.com"',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = { "a@b" = "wran" }',
    '2:16: to."a@b": "wran" is not one of "debug", "info", "warn", "error", "fatal"; did you mean "warn"?',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = { "a@b" = "info" }\nseverity = "warn"',
    '2:16: to."a@b": "info" is below the "severity" of the channel, "warn"; lower that one',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = ["a@b"]\nfrom = "muster"',
    '3:8: from: "muster" is not a mail address; write it as in "ops@example.com"',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = ["a@b"]\npassword = "hush"',
    '3:1: password: a password must not stand in a configuration file; put it into a file of its own and write "password_file", or name a variable with "password_environment"',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = ["a@b"]\nuser = "u"\npassword_environment = "hu sh!"',
    '4:24: password_environment: must be the name of a variable that holds the password, as in "ALERT_PASSWORD"',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = ["a@b"]\nuser = "u"\npassword_file = "p"\npassword_environment = "P"',
    '5:24: password_environment: stands beside "password_file", and only one can hold; remove one of the two',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = ["a@b"]\nuser = "u"',
    '3:8: user: has no password; write "password_file" or "password_environment" beside it',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = ["a@b"]\npassword_environment = "P"',
    '3:24: password_environment: is a password of nobody; write "user" beside it',
  ],
  [
    "mail",
    'server = "smtps://a"\nto = ["a@b"]\ntls = "never"',
    '3:7: tls: "never" is not for "smtps://", which is TLS from the first byte; remove it or write "smtp://"',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = ["a@b"]\ntls = "always"',
    '3:7: tls: "always" is not for "smtp://"; write "smtps://" in "server", or "required" here',
  ],
  [
    "mail",
    'server = "smtp://a"\nto = ["a@b"]\nauthority = ""',
    "3:13: authority: is empty; write a value or remove the key",
  ],
  ["mail", 'server = "smtp://a"\nto = ["a@b"]\ntimeout = "0s"', '3:11: timeout: "0s" is too short; the least is "1s"'],
  [
    "mail",
    'server = "smtp://a"\nto = ["a@b"]\npassword-file = "x"',
    '3:1: password-file: is not a known key; did you mean "password_file"?',
  ],
  ["webhook", "", '0:17: url: is missing; write it, as in "https://chat.example.com/muster"'],
  [
    "webhook",
    'url = "ftp://a/b"',
    '1:7: url: "ftp://a/b" is not a web address; write it as in "https://chat.example.com/muster"',
  ],
  [
    "webhook",
    'url = "chat.example.com"',
    '1:7: url: "chat.example.com" is not a web address; write it as in "https://chat.example.com/muster"',
  ],
  [
    "webhook",
    'url = "https://u:hush@a/"',
    "1:7: url: holds a user or a password, which this file must not; name a receiver that needs none",
  ],
  [
    "webhook",
    'url = "https://a"\nsecret = "hush"',
    '2:1: secret: a secret must not stand in a configuration file; put it into a file of its own and write "secret_file", or name a variable with "secret_environment"',
  ],
  [
    "webhook",
    'url = "https://a"\nsecret_file = "s"\nsecret_environment = "S"',
    '3:22: secret_environment: stands beside "secret_file", and only one can hold; remove one of the two',
  ],
  [
    "webhook",
    'url = "https://a"\nseverity = "critical"',
    '2:12: severity: "critical" is not one of "debug", "info", "warn", "error", "fatal"',
  ],
  ["command", "", '0:17: command: is missing; write it, as in ["./page.sh","--team","ops"]'],
  ["command", "command = []", "1:11: command: is empty; write a program to run"],
  [
    "command",
    'command = "a \'b"',
    `1:11: command: "a 'b" has a quote (') that is not closed; close it, or write the command as a list`,
  ],
];

describe("mistakes in [alerts]", () => {
  const movedBy = (lines: number) => (line: string) =>
    line.replace(/^main\.toml:(\d+)/, (_, number) => `${Number(number) - lines}`);

  for (const [lines, ...mistakes] of IN_ALERTS) {
    test(lines, async () => {
      expect((await mistakesIn(`[alerts]\n${lines}`)).map(movedBy(1))).toEqual(mistakes);
    });
  }

  for (const [kind, lines, ...mistakes] of IN_CHANNEL) {
    test(`${kind}: ${lines}`, async () => {
      const found = await mistakesIn(`[alerts.${kind}.ops]\n${lines}`);
      const moved = found.map((line) => movedBy(1)(line).replace(`alerts.${kind}.ops.`, ""));
      expect(moved).toEqual(mistakes);
      expect(found.join("")).not.toContain("hush");
    });
  }

  test("an included file may not have it", async () => {
    const texts = { "main.toml": 'include = ["a.toml"]', "a.toml": '[alerts]\njoin = "1s"' };
    expect(await mistakesIn(texts)).toEqual(["a.toml:1:2: alerts: belongs into the main file, main.toml"]);
  });
});

describe("warnings", () => {
  const warningsOf = async (lines: string) =>
    (await loadTexts(`[alerts.mail.x]\nto = ["a@b"]\nuser = "u"\npassword_environment = "P"\n${lines}`)).warnings;

  test("a password over the network without TLS", async () => {
    expect(await warningsOf('server = "smtp://a"\ntls = "never"')).toEqual([
      '/etc/muster/main.toml: alerts.mail.x: with tls = "never" the password goes over the network unencrypted; write "required"',
    ]);
    expect(await warningsOf('server = "smtp://a"\ntls = "possible"')).toEqual([]);
  });

  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    test(`none for ${host}`, async () =>
      expect(await warningsOf(`server = "smtp://${host}"\ntls = "never"`)).toEqual([]));
  }

  test("what is doubtful about the file of a secret", async () => {
    const text = '[alerts.webhook.x]\nurl = "http://a"\nsecret_file = "none"\n';
    expect((await loadTexts(text)).warnings).toEqual(["alerts.webhook.x: /etc/muster/none is not there"]);
    expect((await loadTexts({ "main.toml": text, none: "hush" })).warnings).toEqual([]);
  });
});

test("the secret itself is in nothing that is kept or shown", async () => {
  const texts = {
    "main.toml":
      '[alerts.mail.x]\nserver = "smtp://a"\nto = ["a@b"]\nuser = "u"\npassword_environment = "SMTP_PASSWORD"',
  };
  const loaded = await loadTexts(texts, { environment: { SMTP_PASSWORD: "hush" } });
  expect(JSON.stringify([loaded, ...loaded.host.services])).not.toContain("hush");
});
