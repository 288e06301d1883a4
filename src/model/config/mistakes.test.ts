// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configuration files
import { describe, expect, test } from "bun:test";
import { mistakesIn } from "./testing/load-texts.ts";
import { UNSUPPORTED } from "./unsupported.ts";

/** Lines of `[services.api]`, which has a command already; the place counts from the first of them. */
const IN_SERVICE: readonly (readonly [lines: string, ...mistakes: string[]])[] = [
  [
    'stop.wait = "5 sec"',
    '1:13: services.api.stop.wait: "5 sec" is not a duration; write a number with ms, s, m, h or d, as in "500ms" or "2m"',
  ],
  ["stop = { wait = 5 }", '1:17: services.api.stop.wait: 5 has no unit; write it in quotes with one, as in "5s"'],
  ['stop.wait = "0s"', '1:13: services.api.stop.wait: "0s" is too short; the least is "1ms"'],
  ['start.timeout = "8d"', '1:17: services.api.start.timeout: "8d" is too long; the most is "7d"'],
  [
    'log.size = "5MX"',
    '1:12: services.api.log.size: "5MX" is not a size; write a number with B, kB, MB or GB (or KiB, MiB, GiB), as in "64MB"',
  ],
  ['log.size = "5B"', '1:12: services.api.log.size: "5B" is too small; the least is "1kB", or "0B" for none'],
  ["log.size = 5", '1:12: services.api.log.size: 5 has no unit; write it in quotes with one, as in "5B"'],
  ['enviroment = "A=1"', '1:1: services.api.enviroment: is not a known key; did you mean "environment"?'],
  ['stop_wait = "5s"', '1:1: services.api.stop_wait: is not a known key; did you mean "stop.wait"?'],
  ["start-retries = 5", '1:1: services.api.start-retries: is not a known key; did you mean "start.retries"?'],
  ["zzzzzz = 5", "1:1: services.api.zzzzzz: is not a known key; remove it"],
  [
    'reload = { zzzzzz = "x" }',
    '1:12: services.api.reload.zzzzzz: is not a known key; there are "signal", "command", "files"',
  ],
  ["instances = 1001", "1:13: services.api.instances: 1001 is not between 0 and 1000"],
  ["instances = -1", "1:13: services.api.instances: -1 is not between 0 and 1000"],
  ["instances = 1.5", "1:13: services.api.instances: must be a whole number, not 1.5"],
  ['instances = "many"', '1:13: services.api.instances: "many" is not a whole number'],
  ['stop.signal = "TREM"', '1:15: services.api.stop.signal: "TREM" is not a signal; did you mean "TERM"?'],
  ['stop.signal = "99"', '1:15: services.api.stop.signal: "99" is not a signal; write a name as in "TERM"'],
  [
    'umask = "9"',
    '1:9: services.api.umask: "9" is not an octal mode; write three digits from 0 to 7, as in "022" or "0600"',
  ],
  ["umask = 22", '1:9: services.api.umask: must be an octal mode in quotes, as in "0022", not 22'],
  ["limits = { open_fils = 5 }", '1:12: services.api.limits.open_fils: is not a known key; did you mean "open_files"?'],
  [
    "limits.open_files = [200, 100]",
    "1:21: services.api.limits.open_files: the soft limit is above the hard one; write [soft, hard]",
  ],
  ["limits.open_files = [1, 2, 3]", "1:21: services.api.limits.open_files: a list here is [soft, hard]"],
  [
    'limits.open_files = "1MB"',
    '1:21: services.api.limits.open_files: "1MB" is not a limit; write a whole number or "unlimited"',
  ],
  ["limits.cpu = -1", '1:14: services.api.limits.cpu: -1 is not a limit; write 0 or more, or "unlimited"'],
  ['ready = { line = "a(" }', '1:18: services.api.ready.line: "a(" is not a regular expression: missing )'],
  ['ready = { lien = "a" }', '1:11: services.api.ready.lien: is not a known key; did you mean "line"?'],
  ["ready = { line = 5 }", "1:18: services.api.ready.line: must be a string in quotes, not 5"],
  ['ready = "tiem"', '1:9: services.api.ready: "tiem" is not one of "time", "notify"; did you mean "time"?'],
  ["ready = { fd = 2 }", "1:16: services.api.ready.fd: 2 is too small; the least is 3"],
  ["ready = { fd = 1024 }", "1:16: services.api.ready.fd: 1024 is too large; the most is 1023"],
  ["ready = { script = [] }", "1:20: services.api.ready.script: is empty; write a program to run"],
  [
    'ready = { script = "a \'b" }',
    `1:20: services.api.ready.script: "a 'b" has a quote (') that is not closed; close it, or write the command as a list`,
  ],
  [
    'ready = { script = ["a", "{prot}"] }',
    '1:27: services.api.ready.script[1]: "{prot}" is not a placeholder; did you mean "{port}"?',
  ],
  ['ready = { fd = 3, line = "x" }', '1:9: services.api.ready: takes only one of "line", "fd", "script", "check"'],
  [
    'notify_access = "mian"',
    '1:17: services.api.notify_access: "mian" is not one of "none", "main", "all"; did you mean "main"?',
  ],
  ['notifyaccess = "all"', '1:1: services.api.notifyaccess: is not a known key; did you mean "notify_access"?'],
  [
    'ready = "notify"\nnotify_access = "none"',
    '1:9: services.api.ready: "notify" waits for words of the service, and with notify_access = "none" none count; write "main" or "all" there',
  ],
  [
    'watchdog = "10s"\nnotify_access = "none"',
    '1:12: services.api.watchdog: waits for words of the service, and with notify_access = "none" none count; write "main" or "all" there, or "0s" here',
  ],
  ["watchdog = 30", '1:12: services.api.watchdog: 30 has no unit; write it in quotes with one, as in "30s"'],
  ['watchdog = "50ms"', '1:12: services.api.watchdog: 50 ms is too short; the least is "100ms", or "0s" for none'],
  ['start.silence = "0s"', '1:17: services.api.start.silence: "0s" is too short; the least is "1ms"'],
  ["ready = 5", '1:9: services.api.ready: must be "time" or a table, as in { line = "listening" }, not 5'],
  ['shell = "yes"', '1:9: services.api.shell: must be true or false, not "yes"'],
  ['kind = "job"', '1:8: services.api.kind: "job" is not one of "service", "task"'],
  [
    'restart = "on_failure"',
    '1:11: services.api.restart: "on_failure" is not one of "always", "on-failure", "never", "expected"; did you mean "on-failure"?',
  ],
  [
    'kind = "task"\nrestart = "always"',
    '2:11: services.api.restart: "always" is not for a task, which ends when it is done; write "on-failure" or "never"',
  ],
  [
    'kind = "task"\nready = { line = "x" }',
    '2:9: services.api.ready: is not for a task, which is "finished" or has failed; remove it',
  ],
  ['backoff = { first = "2m" }', '1:11: services.api.backoff: "first" is longer than "max"; make "max" the longer one'],
  ["backoff.factor = 0.5", "1:18: services.api.backoff.factor: 0.5 is too small; the least is 1"],
  ["backoff.spread = nan", "1:18: services.api.backoff.spread: must be a number, not NaN"],
  ["exit_codes = [0, 256]", "1:18: services.api.exit_codes[1]: 256 is not between 0 and 255"],
  [
    'capabilities = ["NET_ADMN"]',
    '1:17: services.api.capabilities[0]: "NET_ADMN" is not a capability; did you mean "NET_ADMIN"?',
  ],
  [
    'cpu_affinity = "3-1"',
    '1:16: services.api.cpu_affinity: "3-1" is not a list of CPUs; write numbers and ranges, as in "0-3,8"',
  ],
  [
    'io_priority = "low"',
    '1:15: services.api.io_priority: "low" is not an I/O priority; write "idle", "best-effort:0" to "best-effort:7" or "realtime:0" to "realtime:7"',
  ],
  ['user = ""', '1:8: services.api.user: "" is not a name of a user or group'],
  ['directory = ""', "1:13: services.api.directory: is empty; write a value or remove the key"],
  [
    'group = "a b"',
    '1:9: services.api.group: "a b" is not a name that is allowed; write up to 63 letters, digits, "_" and "-", beginning with a letter or digit',
  ],
  ['environment = "A"', '1:15: services.api.environment: "A" is not "item=value"; write "item=value;;item2=value2"'],
  [
    'environment = { "A=B" = "1" }',
    '1:25: services.api.environment."A=B": "A=B" is not a name of a variable; it is empty or holds "=" or a space',
  ],
  [
    'environment = { MUSTER_SOCKET = "1" }',
    '1:33: services.api.environment.MUSTER_SOCKET: "MUSTER_SOCKET" is set by muster itself; remove it',
  ],
  [
    'environment = "A=1;;WATCHDOG_USEC=5"',
    '1:15: services.api.environment: "WATCHDOG_USEC" is set by muster itself; remove it',
  ],
  [
    "environment = { A = [1] }",
    "1:21: services.api.environment.A: must be a string in quotes or a number or true or false, not a list",
  ],
  [
    'environment = { P = "x{prot}" }',
    '1:23: services.api.environment.P: "{prot}" is not a placeholder; did you mean "{port}"?',
  ],
  [
    'directory = "d/{port}"',
    '1:16: services.api.directory: "{port}" stands for nothing: the service has no "port"; give it one',
  ],
  [
    'environment.A = "x${NOPE}"',
    '1:19: services.api.environment.A: "${NOPE}" is neither in [variables] nor in the environment; write "${NOPE:-default}" to go on without it; "$$" is a dollar',
  ],
  [
    'environment.A = "a\\u0000b"',
    "1:17: services.api.environment.A: holds the character NUL, which no program can be given",
  ],
  ['depends_on = ["apii"]', '1:16: services.api.depends_on: there is no service "apii"; did you mean "api"?'],
  ['depends_on = ["api"]', "1:14: services.api.depends_on: a cycle: api -> api; remove one of these dependencies"],
  [
    "port = 65535\ninstances = 3",
    "1:8: services.api.port: 3 instances from port 65535 on go beyond 65535; begin lower",
  ],
  ["autostart = 1979-05-27", "1:13: services.api.autostart: must be true or false, not a date"],
  [
    'stop = { wait = "x", command = "a \'b" }',
    '1:17: services.api.stop.wait: "x" is not a duration; write a number with ms, s, m, h or d, as in "500ms" or "2m"',
    `1:32: services.api.stop.command: "a 'b" has a quote (') that is not closed; close it, or write the command as a list`,
  ],
];

describe("mistakes in a service", () => {
  for (const [lines, ...mistakes] of IN_SERVICE) {
    test(lines, async () => {
      const found = await mistakesIn(`[services.api]\ncommand = "x"\n${lines}`);
      const moved = found.map((line) => line.replace(/^main\.toml:(\d+)/, (_, number) => `${Number(number) - 2}`));
      expect(moved).toEqual(mistakes);
    });
  }
});

const IN_FILE: readonly (readonly [text: string, ...mistakes: string[]])[] = [
  ["[services.api]", '1:11: services.api.command: is missing; write it, as in "node api.js"'],
  ["[services.api]\ncommand = []", "2:11: services.api.command: is empty; write a program to run"],
  ['[services.api]\ncommand = " "', "2:11: services.api.command: is empty; write a program to run"],
  ['[services.api]\ncommand = ["a", 5]', "2:17: services.api.command[1]: must be a string in quotes, not 5"],
  ["[services.api]\ncommand = 5", "2:11: services.api.command: must be a list of words or one string, not 5"],
  [
    '[services.api]\ncommand = ["a"]\nshell = true',
    '2:11: services.api.command: must be one string with "shell = true"; write it as the shell reads it',
  ],
  [
    '[services.api]\ncommand = """\na \'b\n"""',
    `2:11: services.api.command: "a 'b\\n" has a quote (') that is not closed; close it, or write the command as a list`,
  ],
  [
    '[services."a b"]\ncommand = "x"',
    '1:11: services."a b": "a b" is not a name that is allowed; write up to 63 letters, digits, "_" and "-", beginning with a letter or digit',
  ],
  [
    '[services.muster]\ncommand = "x"',
    '1:11: services.muster: "muster" is the name of the daemon itself; choose another',
  ],
  ["[services]\napi = 5", "2:7: services.api: must be a table, not 5"],
  ["services = 5", "1:12: services: must be a table, not 5"],
  ['[service.api]\ncommand = "x"', '1:2: service: is not a known key; did you mean "services"?'],
  ['[api]\ncommand = "x"', "1:2: api: is not a known key; a service is written [services.api]"],
  ["include = 5", "1:11: include: must be a list, not 5"],
  ['include = ["none.toml"]', "1:12: include[0]: cannot read none.toml: there is no such file"],
  ['include = ["main.toml"]', "1:12: include[0]: a loop: main.toml -> main.toml"],
  ["[variables]\nx = [1]", "2:5: variables.x: must be a string in quotes or a number or true or false, not a list"],
  [
    '[variables]\n"a-b" = "x"',
    "2:1: variables.a-b: is not a name of a variable; write letters, digits and _, not beginning with a digit",
  ],
  [
    '[daemon]\nlog_level = "loud"\njournal.keep = "x"',
    '2:13: daemon.log_level: "loud" is not one of "debug", "info", "warn", "error"',
    '3:16: daemon.journal.keep: "x" is not a duration; write a number with ms, s, m, h or d, as in "500ms" or "2m"',
  ],
  [
    '[daemon.socket]\nmode = "777x"',
    '2:8: daemon.socket.mode: "777x" is not an octal mode; write three digits from 0 to 7, as in "022" or "0600"',
  ],
  ["a = 1\na = 2", "2:1: is not valid TOML: trying to redefine an already defined table or value"],
  [
    '[services.a]\ncommand = "x"\ndepends_on = ["b"]\n[services.b]\ncommand = "x"\ndepends_on = ["c"]\n[services.c]\ncommand = "x"\ndepends_on = ["a", "d"]\n[services.d]\ncommand = "x"\n[services.e]\ncommand = "x"\ndepends_on = ["f", "a"]\n[services.f]\ncommand = "x"\ndepends_on = ["e"]',
    "3:14: services.a.depends_on: a cycle: a -> b -> c -> a; remove one of these dependencies",
    "14:14: services.e.depends_on: a cycle: e -> f -> e; remove one of these dependencies",
  ],
  [
    '[services.a]\ncommand = "x"\nport = 8080\ninstances = 3\n[services.b]\ncommand = "x"\nport = 8081\n[services.c]\ncommand = "x"\nport = 8083',
    "7:8: services.b.port: port 8081 of b is also that of a:2; give one of them another port",
  ],
];

describe("mistakes in a file", () => {
  for (const [text, ...mistakes] of IN_FILE) {
    test(text, async () => {
      expect(await mistakesIn(text)).toEqual(mistakes.map((line) => `main.toml:${line}`));
    });
  }
});

describe("mistakes over several files", () => {
  test("are all found at once, in the order of the files", async () => {
    const found = await mistakesIn({
      "main.toml":
        'include = ["a.toml", "b.toml"]\n[services.web]\ncommand = "x"\ndepends_on = ["bd"]\nport = 80\nkind = "x"',
      "a.toml":
        '[daemon]\nlog_level = "debug"\n\n[services.web]\ncommand = "y"\n[services.db]\ncommand = "x"\nport = 80',
      "b.toml": 'include = ["main.toml"]\n[services.cache]\ncommad = "x"',
    });
    expect(found).toEqual([
      'main.toml:4:16: services.web.depends_on: there is no service "bd"; did you mean "db"?',
      'main.toml:6:8: services.web.kind: "x" is not one of "service", "task"',
      "a.toml:1:2: daemon: belongs into the main file, main.toml",
      "a.toml:4:11: services.web: is declared in main.toml already; remove one of the two",
      "a.toml:8:8: services.db.port: port 80 of db is also that of web; give one of them another port",
      "b.toml:1:12: include[0]: a loop: main.toml -> b.toml -> main.toml",
      'b.toml:2:11: services.cache.command: is missing; write it, as in "node api.js"',
      'b.toml:3:1: services.cache.commad: is not a known key; did you mean "command"?',
    ]);
  });

  test("names that may stand in a file that cannot be read are not called unknown", async () => {
    const found = await mistakesIn({
      "main.toml": 'include = ["a.toml"]\n[services.web]\ncommand = "x"\ndepends_on = ["db"]',
      "a.toml": "[services.db\n",
    });
    expect(found).toEqual(["a.toml:1:13: is not valid TOML: illegal character in key"]);
  });
});

test("a mistake is one line without signs that would move a terminal, and a long value is cut", async () => {
  const [line = ""] = await mistakesIn(`[services.a]\ncommand = "\\u001b[2J\\n\\u0085 ' ${"x".repeat(1_000)}"`);
  expect(line).toStartWith("main.toml:2:11: services.a.command: \"\\u001b[2J\\n\\u0085 ' xxx");
  expect(line).toEndWith("xxx\" has a quote (') that is not closed; close it, or write the command as a list");
  expect(line.length).toBeLessThan(600);
});

describe("files that are not UTF-8", () => {
  const bytes = (text: string, ...rest: number[]): Uint8Array =>
    Uint8Array.from([...new TextEncoder().encode(text), ...rest]);

  test("a byte that does not fit", async () => {
    expect(await mistakesIn({ "main.toml": bytes("# ä\n# é x", 0xff, 0x20) })).toEqual([
      "main.toml:2:6: is not UTF-8 from here on; save the file as UTF-8",
    ]);
  });

  test("an end within a sign", async () => {
    expect(await mistakesIn({ "main.toml": bytes("# abc", 0xc3) })).toEqual([
      "main.toml:1:6: is not UTF-8 from here on; save the file as UTF-8",
    ]);
  });
});

describe("what this version does not support is refused", () => {
  for (const { path, value } of UNSUPPORTED) {
    const name = path.join(".") + (value === undefined ? "" : ` = "${value}"`);
    test(name, async () => {
      const [key = "", inner] = path;
      const samples: Record<string, string> = {
        sockets: '["tcp://127.0.0.1:80"]',
        pool: '"blue"',
        checks: '{ home = { http = "http://x" } }',
        fd: "3",
        script: '"x"',
        check: '"x"',
      };
      const given = value === undefined ? (samples[inner ?? key] ?? "") : `"${value}"`;
      const text = `[services.api]\ncommand = "x"\n${key} = ${inner === undefined ? given : `{ ${inner} = ${given} }`}`;
      expect(await mistakesIn(text)).toEqual([
        expect.stringContaining(
          `services.api.${path.join(".")}: "${name}" is not supported by this version; remove it`,
        ),
      ]);
    });
  }
});
