import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ServiceSpec } from "../service.ts";
import { compareAlerts, compareDaemons, compareHosts } from "./compare.ts";
import { configurationKeys } from "./configuration-keys.ts";
import { formatKey, formatToml } from "./format-toml.ts";
import { alertsSchema } from "./schema/alerts.ts";
import { commandSchema, mailSchema, webhookSchema } from "./schema/channels.ts";
import { daemonSchema } from "./schema/daemon.ts";
import { serviceSchema } from "./schema/file.ts";
import { listKeys, type SchemaKey } from "./schema-tree.ts";
import { loadTexts, type Texts } from "./testing/load-texts.ts";
import { isUnsupportedKey } from "./unsupported.ts";

const KEYS = configurationKeys();
const SCHEMA_KEYS = listKeys(serviceSchema).filter((key) => !isUnsupportedKey(key.path));
/** Those that can stand together with all others: a task takes no `ready`. */
const COMPATIBLE_KEYS = SCHEMA_KEYS.filter((key) => key.path[0] !== "kind");
/** What examples of other keys need, and what their change would change along with them. */
const BASE: Readonly<Record<string, string>> = { command: '"sleep"', port: "4000", restart: '"never"' };

/** A file whose service `web` has the examples of these keys. */
function fileWith(keys: readonly SchemaKey[]): string {
  const lines = new Map(Object.entries(BASE));
  for (const { path, meta } of keys) lines.set(path.map(formatKey).join("."), formatToml(meta.example));
  const service = [...lines].map(([key, value]) => `${key} = ${value}`).join("\n");
  return `[services.db]\ncommand = "db"\n[services.web]\n${service}\n`;
}

async function compareTexts(before: string | Texts, after: string | Texts) {
  const [old, now] = [await loadTexts(before), await loadTexts(after)];
  return compareHosts(old.host, now.host, now.keys);
}

async function changeOf(before: string | Texts, after: string | Texts) {
  const change = (await compareTexts(before, after)).find(({ service }) => service === "web");
  if (change === undefined) throw new Error("web is not compared");
  return change;
}

const UNTOUCHED = { service: "web", kind: "untouched", keys: [], instances: null } as const;

describe("each key of the schema", () => {
  const channels = [mailSchema, webhookSchema, commandSchema].flatMap((schema) => listKeys(schema));
  const alerts = listKeys(alertsSchema).filter((key) => !key.open);
  for (const key of [...listKeys(serviceSchema), ...listKeys(daemonSchema), ...alerts, ...channels]) {
    test(`${key.path.join(".")} says what a change of it does, what it is, and gives an example`, () => {
      expect(["live", "reload", "restart"]).toContain(key.meta.change ?? "nothing");
      expect(key.meta.description?.length ?? 0).toBeGreaterThan(10);
      expect(key.meta.example).toBeDefined();
    });
  }

  for (const key of SCHEMA_KEYS) {
    test(`a change of ${key.path.join(".")} alone is noticed, and is ${key.meta.change}`, async () => {
      const change = await changeOf(fileWith([]), fileWith([key]));
      expect(change.kind).toBe(key.meta.change ?? "untouched");
      expect(change.keys).toEqual([expect.stringMatching(new RegExp(`^${RegExp.escape(key.path.join("."))}($|\\.)`))]);
    });
  }

  for (const key of listKeys(daemonSchema)) {
    test(`a change of daemon.${key.path.join(".")} is noticed`, async () => {
      const [old, now] = [
        await loadTexts(""),
        await loadTexts(`[daemon]\n${key.path.join(".")} = ${formatToml(key.meta.example)}`),
      ];
      expect(compareDaemons(old.host.daemon, now.host.daemon, KEYS)).toEqual([["daemon", ...key.path].join(".")]);
      expect(compareDaemons(now.host.daemon, now.host.daemon, KEYS)).toEqual([]);
    });
  }
});

/** Channels that are complete, each in a table of its own. */
const CHANNELS = {
  mail: { schema: mailSchema, lines: ['server = "smtp://a"', 'to = ["a@b"]', 'user = "u"', 'password_file = "p"'] },
  webhook: { schema: webhookSchema, lines: ['url = "http://a"', 'secret_file = "s"'] },
  command: { schema: commandSchema, lines: ['command = "page"'] },
} as const;

describe("a change of alerts", () => {
  const alertsOf = async (text: string) => (await loadTexts(text)).host.alerts;

  for (const key of listKeys(alertsSchema).filter((key) => !key.open)) {
    test(`of ${key.path.join(".")} is noticed`, async () => {
      const [old, now] = [
        await alertsOf(""),
        await alertsOf(`[alerts]\n${key.path.join(".")} = ${formatToml(key.meta.example)}`),
      ];
      expect(compareAlerts(old, now, KEYS)).toEqual([["alerts", ...key.path].join(".")]);
      expect(compareAlerts(now, now, KEYS)).toEqual([]);
    });
  }

  for (const [kind, { schema, lines }] of Object.entries(CHANNELS)) {
    for (const key of listKeys(schema)) {
      test(`of ${kind}.<name>.${key.path.join(".")} is noticed, as one of the channel`, async () => {
        const name = key.path.join(".");
        const group = name.replace(/_environment$/, "_file");
        const others = lines.filter((line) => !line.startsWith(`${name} `) && !line.startsWith(`${group} `));
        const value = formatToml(key.meta.example);
        const [old, now] = [
          await alertsOf(`[alerts.${kind}.x]\n${lines.join("\n")}`),
          await alertsOf(`[alerts.${kind}.x]\n${[...others, `${name} = ${value}`].join("\n")}`),
        ];
        expect(compareAlerts(old, now, KEYS)).toEqual([`alerts.${kind}.x`]);
        expect(compareAlerts(now, now, KEYS)).toEqual([]);
      });
    }
  }

  test("channels that come and go are named", async () => {
    const [old, now] = [
      await alertsOf('[alerts.command]\na.command = "x"\nb.command = "x"'),
      await alertsOf('[alerts.command]\nc.command = "x"\nb.command = "x"'),
    ];
    expect(compareAlerts(old, now, KEYS)).toEqual(["alerts.command.c", "alerts.command.a"]);
  });

  test("every value belongs to a key of the schema", async () => {
    const { channels, ...alerts } = await alertsOf("");
    expect([channels, new Set(leavesOf(alerts))]).toEqual([[], new Set(KEYS.alerts.map((key) => key.at.join(".")))]);
  });

  test("touches no service", async () => {
    const service = '[services.web]\ncommand = "x"\n';
    expect(await changeOf(service, `${service}[alerts]\njoin = "1s"`)).toEqual(UNTOUCHED);
  });
});

describe("any changes together", () => {
  const strength = ["untouched", "live", "reload", "restart"];

  test("are noticed exactly, whichever way, with the strongest class; the same file is untouched", async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(COMPATIBLE_KEYS), async (keys) => {
        const [plain, changed] = [fileWith([]), fileWith(keys)];
        const there = await changeOf(plain, changed);
        const back = await changeOf(changed, plain);
        const found = new Set(there.keys.map((name) => (name.startsWith("environment.") ? "environment" : name)));
        expect(found).toEqual(new Set(keys.map((key) => key.path.join("."))));
        const strongest = Math.max(0, ...keys.map((key) => strength.indexOf(key.meta.change ?? "")));
        expect<string | undefined>(there.kind).toBe(strength[strongest]);
        expect(back).toEqual({ ...there, keys: back.keys, instances: flipped(there.instances) });
        expect(new Set(back.keys)).toEqual(new Set(there.keys));
        expect(await changeOf(changed, changed)).toEqual(UNTOUCHED);
      }),
      { numRuns: 60 },
    );
  });

  function flipped(count: { from: number; to: number } | null) {
    return count === null ? null : { from: count.to, to: count.from };
  }
});

test("every value of a resolved service belongs to a key of the schema", async () => {
  const loaded = await loadTexts(fileWith(COMPATIBLE_KEYS));
  const { name, ...spec } = loaded.host.services.get("web") ?? ({} as ServiceSpec);
  const at = KEYS.service.map((key) => key.at.join("."));
  const orphans = leavesOf(spec).filter((leaf) => !at.some((key) => leaf === key || leaf.startsWith(`${key}.`)));
  expect([name, orphans]).toEqual(["web", []]);
  const leaves = leavesOf(spec);
  expect(at.filter((key) => !leaves.some((leaf) => leaf === key || leaf.startsWith(`${key}.`)))).toEqual([]);
});

function leavesOf(value: unknown, prefix: readonly string[] = []): readonly string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [prefix.join(".")];
  return Object.entries(value).flatMap(([key, child]) => leavesOf(child, [...prefix, key]));
}

describe("services come, go and scale", () => {
  const of = (name: string, lines = ""): string => `[services.${name}]\ncommand = "x"\n${lines}\n`;

  test("in the order of the new files, then what is gone", async () => {
    const changes = await compareTexts(
      of("gone", "instances = 2") + of("web", "instances = 3") + of("kept") + of("empty", "instances = 0"),
      of("new", "instances = 4") + of("kept") + of("web", "instances = 5\nport = 80"),
    );
    expect(changes).toEqual([
      { service: "new", kind: "new", keys: [], instances: { from: 0, to: 4 } },
      { service: "kept", kind: "untouched", keys: [], instances: null },
      { service: "web", kind: "restart", keys: ["instances", "port"], instances: { from: 3, to: 5 } },
      { service: "gone", kind: "gone", keys: [], instances: { from: 2, to: 0 } },
      { service: "empty", kind: "gone", keys: [], instances: null },
    ]);
  });

  test("variables of the environment are named one by one, also when one is gone", async () => {
    const before = of("web", 'environment = { A = "1", B = "2", "c.d" = "3" }');
    const after = of("web", 'environment = "A=1;;B=3"');
    expect(await changeOf(before, after)).toEqual({
      service: "web",
      kind: "restart",
      keys: ["environment.B", 'environment."c.d"'],
      instances: null,
    });
  });

  test("another spelling of the same is untouched", async () => {
    const before = of("web", 'stop.wait = "60s"\numask = "0022"\nenvironment = { A = "1", B = "2" }');
    const after = of("web", 'stop.wait = "1m"\numask = "022"\nenvironment = { B = 2, A = 1 }\ndirectory = "."');
    expect(await changeOf(before, after)).toEqual(UNTOUCHED);
  });
});

describe("the content of files counts", () => {
  const main =
    '[services.web]\ncommand = "x"\ninstances = 2\nenvironment_file = "{instance}.env"\nreload.files = ["a.conf"]';
  const files = { "main.toml": main, "1.env": "A=1", "2.env": "A=2", "a.conf": "x" };

  test("unchanged", async () => expect(await changeOf(files, { ...files })).toEqual(UNTOUCHED));

  const cases: [what: string, texts: Texts, kind: string, keys: string[]][] = [
    ["a file that it reads itself reloads it", { ...files, "a.conf": "y" }, "reload", ["reload.files"]],
    ["an environment file of one instance restarts it", { ...files, "2.env": "A=3" }, "restart", ["environment_file"]],
    ["both restart it", { ...files, "2.env": "A=3", "a.conf": "y" }, "restart", ["environment_file", "reload.files"]],
    [
      "a file that is gone counts as changed",
      { "main.toml": main, "1.env": "A=1", "2.env": "A=2" },
      "reload",
      ["reload.files"],
    ],
    [
      "a name that is taken from the list only changes the list",
      { ...files, "main.toml": main.replace('"a.conf"', ""), "a.conf": "y" },
      "live",
      ["reload.files"],
    ],
  ];
  for (const [what, texts, kind, keys] of cases) {
    test(what, async () => expect(await changeOf(files, texts)).toMatchObject({ kind, keys }));
  }
});
