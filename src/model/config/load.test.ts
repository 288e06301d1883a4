// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configuration files
import { describe, expect, test } from "bun:test";
import type { ServiceSpec } from "../service.ts";
import { loadConfiguration } from "./load.ts";
import { snapshotReader } from "./reader.ts";
import { loadTexts, textReader } from "./testing/load-texts.ts";
import { packConfiguration, unpackConfiguration } from "./transfer.ts";

async function serviceOf(lines: string): Promise<ServiceSpec> {
  const loaded = await loadTexts(`[services.web]\n${lines}`);
  const spec = loaded.host.services.get("web");
  if (spec === undefined) throw new Error("there is no service");
  return spec;
}

const DEFAULTS: ServiceSpec = {
  name: "web",
  kind: "service",
  command: ["node", "app.js"],
  shell: false,
  directory: "/etc/muster",
  user: null,
  unixGroup: null,
  supplementaryGroups: null,
  umask: 0o022,
  priority: 0,
  environment: {},
  environmentMode: "extend",
  environmentFile: null,
  limits: {},
  capabilities: null,
  noNewPrivileges: false,
  cpuAffinity: null,
  ioPriority: null,
  oomScore: null,
  instances: 1,
  port: null,
  group: null,
  dependsOn: [],
  autostart: true,
  key: false,
  restart: "always",
  successCodes: [0],
  exitCodes: [0, 1],
  backoff: { free: 1, firstMs: 500, factor: 2, maxMs: 60_000, spread: 0.25, resetMs: 30_000 },
  giveUp: { restarts: 10, withinMs: 300_000, reviveMs: 900_000 },
  start: { waitMs: 1_000, timeoutMs: 60_000, retries: 5, silenceMs: 60_000 },
  stop: { signal: "TERM", to: "main", waitMs: 10_000, retries: 1, command: null },
  reload: { signal: "HUP", command: null, files: [] },
  ready: { kind: "time" },
  notifyAccess: "all",
  watchdogMs: 0,
  log: {
    to: "file",
    sizeBytes: 50_000_000,
    keep: 5,
    ageMs: 0,
    merge: false,
    onFull: "drop",
    compress: false,
    totalBytes: 0,
    archive: null,
  },
};

describe("defaults", () => {
  test("a service that says only its command", async () => {
    expect(await serviceOf('command = "node app.js"')).toEqual(DEFAULTS);
  });

  test("the daemon", async () => {
    expect((await loadTexts("")).host).toEqual({
      services: new Map(),
      daemon: {
        restartLimit: { restarts: 20, withinMs: 1_000 },
        logLevel: "info",
        logTotalBytes: 0,
        journal: { keepMs: 30 * 86_400_000, maxBytes: 200_000_000 },
        socket: { group: null, mode: 0o600 },
      },
      alerts: {
        groupWaitMs: 500,
        joinMs: 5_000,
        remindersMs: [3_600_000, 14_400_000, 86_400_000],
        quietMs: 86_400_000,
        crashLoop: 3,
        flapping: { results: 21, beginPercent: 50, endPercent: 25, everyMs: 30_000 },
        suppress: { events: 100, withinMs: 10_000, quietMs: 60_000 },
        channels: [],
      },
      fileDigests: new Map(),
    });
  });

  test("a task is started again only when it failed", async () => {
    expect((await serviceOf('command = "x"\nkind = "task"')).restart).toBe("on-failure");
  });
});

describe("each form of a value", () => {
  const cases: [lines: string, part: Partial<ServiceSpec>][] = [
    ['command = "a | b"\nshell = true', { command: ["a | b"], shell: true }],
    ['command = ["a b", ""]', { command: ["a b", ""] }],
    ['command = "x"\ndirectory = "api/../web"', { directory: "/etc/muster/web" }],
    ['command = "x"\ndirectory = "/srv"', { directory: "/srv" }],
    [
      'command = "x"\nuser = 1000\nunix_group = "adm"\nsupplementary_groups = []',
      { user: "1000", unixGroup: "adm", supplementaryGroups: [] },
    ],
    ['command = "x"\numask = "077"', { umask: 0o077 }],
    ['command = "x"\nenvironment = { A = "1", B = 2, C = true }', { environment: { A: "1", B: "2", C: "true" } }],
    ['command = "x"\nenvironment = "A=1;;B=x=y;;C=;;"', { environment: { A: "1", B: "x=y", C: "" } }],
    ['command = "x"\nenvironment_file = "web.env"', { environmentFile: "/etc/muster/web.env" }],
    [
      'command = "x"\nlimits = { open_files = 1024, core = "0", address_space = "1GB", processes = [100, 200], cpu = "1m", stack = ["8MiB", "unlimited"] }',
      {
        limits: {
          open_files: { soft: 1_024, hard: 1_024 },
          core: { soft: 0, hard: 0 },
          address_space: { soft: 1e9, hard: 1e9 },
          processes: { soft: 100, hard: 200 },
          cpu: { soft: 60, hard: 60 },
          stack: { soft: 8_388_608, hard: null },
        },
      },
    ],
    ['command = "x"\ncapabilities = ["cap_net_raw", "CHOWN"]', { capabilities: ["NET_RAW", "CHOWN"] }],
    [
      'command = "x"\ncpu_affinity = "0-2, 7"\nio_priority = "best-effort"',
      { cpuAffinity: "0-2,7", ioPriority: "best-effort:4" },
    ],
    ['command = "x"\nready = { line = "^ready" }', { ready: { kind: "line", pattern: "^ready" } }],
    ['command = "x"\nready = { fd = 1023 }', { ready: { kind: "fd", fd: 1_023 } }],
    [
      'command = "x"\nready = { script = "check.sh --quick \'it all\'" }',
      { ready: { kind: "script", command: ["check.sh", "--quick", "it all"] } },
    ],
    ['command = "x"\nready = { script = ["a b", ""] }', { ready: { kind: "script", command: ["a b", ""] } }],
    [
      'command = "x"\nready = "notify"\nnotify_access = "main"\nwatchdog = "30s"\nstart.silence = "5m"',
      {
        ready: { kind: "notify" },
        notifyAccess: "main",
        watchdogMs: 30_000,
        start: { ...DEFAULTS.start, silenceMs: 300_000 },
      },
    ],
    [
      'command = "x"\nstop.signal = "sigint"\nstop.command = "halt \'it now\'"',
      { stop: { ...DEFAULTS.stop, signal: "INT", command: ["halt", "it now"] } },
    ],
    [
      'command = "x"\nreload = { command = ["r"], files = ["a.conf"] }',
      { reload: { signal: "HUP", command: ["r"], files: ["/etc/muster/a.conf"] } },
    ],
    [
      'command = "x"\nlog = { archive = "old", total = "0B", age = "1d" }',
      { log: { ...DEFAULTS.log, archive: "/etc/muster/old", ageMs: 86_400_000 } },
    ],
    ['command = "x"\ninstances = "3"', { instances: 3 }],
  ];
  for (const [lines, part] of cases) {
    test(lines.replaceAll("\n", "; "), async () => expect(await serviceOf(lines)).toMatchObject(part));
  }
});

describe("variables", () => {
  test("come from the file, then from the one that includes it, then from the environment", async () => {
    const loaded = await loadTexts(
      {
        "main.toml":
          'include = ["a.toml"]\n[variables]\nA = "main"\nB = "${C}/b"\nD = 5\n[services.one]\ncommand = "${A} ${B} ${C}"\ninstances = "${D}"',
        "a.toml": '[variables]\nA = "own"\n[services.two]\ncommand = "${A} ${B} ${C} ${E:-none}"',
      },
      { environment: { A: "outside", C: "c", SECRET: "s" } },
    );
    expect([...loaded.host.services.values()].map((spec) => spec.command)).toEqual([
      ["main", "c/b", "c"],
      ["own", "c/b", "c", "none"],
    ]);
    expect(loaded.host.services.get("one")?.instances).toBe(5);
    expect(loaded.snapshot.environment).toEqual({ C: "c" });
  });
});

describe("includes", () => {
  const files = {
    "main.toml": 'include = ["conf.d/*.toml", "nothing/*.toml"]\n[services.a]\ncommand = "a"',
    "conf.d/b.toml": '[services.b]\ncommand = "b"\ndirectory = "here"\nenvironment_file = "{service}.env"',
    "conf.d/c.toml": 'include = ["b.toml"]\n[services.c]\ncommand = "c"\ndepends_on = ["a"]\nreload.files = ["c.conf"]',
    "conf.d/b.env": "X=1",
    "conf.d/c.conf": "c",
  };
  const globs = { "conf.d/*.toml": ["conf.d/b.toml", "conf.d/c.toml"] };

  test("are read once each, in order, with paths from where they stand", async () => {
    const loaded = await loadTexts(files, { globs });
    expect([...loaded.host.services.keys()]).toEqual(["a", "b", "c"]);
    expect(loaded.host.services.get("b")?.directory).toBe("/etc/muster/conf.d/here");
    expect(loaded.files).toEqual(["main.toml", "conf.d/b.toml", "conf.d/c.toml"].map((name) => `/etc/muster/${name}`));
    expect(loaded.warnings).toEqual(['/etc/muster/main.toml: include "nothing/*.toml" matches no file']);
  });

  test("a snapshot loads the same again, also when the files have changed", async () => {
    const loaded = await loadTexts(files, { globs });
    const kept = JSON.parse(JSON.stringify(loaded.snapshot));
    const again = await loadConfiguration(kept.path, snapshotReader(kept), kept.environment);
    expect(again).toEqual({ ok: true, value: loaded });
    expect([...loaded.host.fileDigests]).toEqual([
      ["/etc/muster/conf.d/b.env", "digest of X=1"],
      ["/etc/muster/conf.d/c.conf", "digest of c"],
    ]);
  });
});

describe("what is loaded travels as JSON", () => {
  test("a configuration", async () => {
    const result = await loadConfiguration(
      "/etc/muster/main.toml",
      textReader({
        "main.toml":
          '[services.a]\ncommand = "a"\n[alerts.webhook.x]\nurl = "http://a"\nsecret_file = "main.toml"\n[alerts]\njoin = "1s"',
      }),
      {},
    );
    expect(unpackConfiguration(packConfiguration(result))).toEqual(result);
  });

  test("one that was applied before there were alerts and words has their defaults", async () => {
    const files = { "main.toml": '[services.a]\ncommand = "a"' };
    const result = await loadConfiguration("/etc/muster/main.toml", textReader(files), {});
    const packed = JSON.parse(packConfiguration(result));
    delete packed.host.alerts;
    delete packed.host.services[0][1].notifyAccess;
    delete packed.host.services[0][1].watchdogMs;
    delete packed.host.services[0][1].start.silenceMs;
    expect(unpackConfiguration(JSON.stringify(packed))).toEqual(result);
  });

  test("a refusal", async () => {
    const result = await loadConfiguration("/etc/muster/none.toml", textReader({}), {});
    const packed = unpackConfiguration(packConfiguration(result));
    expect(packed.ok ? null : [packed.error.code, packed.error.message]).toEqual([
      "config-unreadable",
      'cannot read the configuration /etc/muster/none.toml: there is no such file; "muster init" writes a first one',
    ]);
  });
});

test("2 000 services that wait for each other load", async () => {
  let text = "";
  for (let number = 0; number < 2_000; number++) {
    text += `[services.s${number}]\ncommand = "x {port}"\nport = ${10_000 + 2 * number}\ninstances = 2\n`;
    if (number > 0) text += `depends_on = ["s${number - 1}"]\n`;
  }
  expect((await loadTexts(text)).host.services.size).toBe(2_000);
});
