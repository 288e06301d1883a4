/** What becomes of a running daemon when its configuration changes, is broken or comes back. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { environmentOf } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

const SLEEP = ["sleep", "1000"];
const QUICK = { start: { wait: "10ms" }, stop: { wait: "2s" } };

function service(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { command: SLEEP, ...QUICK, ...more };
}

describe("a broken configuration", () => {
  test("at the start: code 2, every mistake with its place, and nothing is started", async () => {
    await using product = new Product("config", {});
    product.write(
      "muster.toml",
      '[services.web]\ncommand = ["sleep", "1"]\nrestrat = "always"\n\n[services.b]\nport = 1\n',
    );
    const { code, stderr } = await product.cli(["up"]);
    expect(code).toBe(2);
    expect(stderr).toContain("muster.toml:3:1: ");
    expect(stderr).toContain('did you mean "restart"?');
    expect(stderr).toContain("muster.toml:5:");
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(product.processes()).toEqual([]);
    expect(existsSync(join(product.runDirectory, "instances"))).toBe(true);
    expect(readdirSync(join(product.runDirectory, "instances"))).toEqual([]);
  });

  test("that is not there: code 2, and the way to a first one", async () => {
    await using product = new Product("config", {});
    const { code, stderr } = await product.cli(["up", "--file", "missing.toml"]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/cannot read the configuration .*missing\.toml: .*"muster init"/),
    ]);
  });

  test("at apply and at HUP: refused with an event, and the old one stays", async () => {
    await using product = new Product("config", { web: service() });
    const daemon = await product.up();
    const { pid } = await product.untilReady("web");
    product.write("muster.toml", "[services.web\n");
    const applied = await product.cli(["apply"]);
    expect([applied.code, applied.stderr]).toEqual([2, expect.stringContaining("muster.toml:1:")]);
    expect((await product.cli(["plan"])).code).toBe(2);
    expect((await product.event("muster", "configuration.refused")).data).toMatchObject({ code: "config-invalid" });
    daemon.kill("SIGHUP");
    await product.event("muster", "configuration.refused", ({ data }) => data.by === "the signal HUP");
    expect(await product.pidOf("web")).toBe(pid ?? 0);
  });

  test("when the daemon was killed: the next one goes by the last that was applied", async () => {
    await using product = new Product("config", { web: service() });
    await product.up();
    const { pid } = await product.untilReady("web");
    product.write("muster.toml", "nonsense");
    await product.replaceDaemon();
    expect((await product.untilReady("web")).pid).toBe(pid);
    const refused = await product.event("muster", "configuration.refused");
    expect(refused.message).toContain("the last applied configuration stays in force");
  });
});

describe("a changed configuration", () => {
  test("plan says what apply then does, service by service, and no more", async () => {
    await using product = new Product("config", {
      same: service(),
      live: service(),
      reloaded: service({
        command: ["sh", "-c", 'trap "echo reloaded" HUP; while :; do sleep 0.02; done'],
        reload: { signal: "HUP", files: ["data"] },
      }),
      restarted: service(),
      grown: service({ instances: 1 }),
      gone: service(),
    });
    product.write("data", "1");
    await product.up();
    await product.untilReady("same", "live", "reloaded", "restarted", "grown", "gone");
    const before = await pids(product);
    product.configure({
      same: service(),
      live: service({ restart: "never", log: { keep: 9 } }),
      reloaded: service({
        command: ["sh", "-c", 'trap "echo reloaded" HUP; while :; do sleep 0.02; done'],
        reload: { signal: "HUP", files: ["data"] },
      }),
      restarted: service({ umask: "0077" }),
      grown: service({ instances: 3 }),
      fresh: service(),
    });
    product.write("data", "2");
    const plan = await product.client.plan(null);
    const kinds = Object.fromEntries(plan.changes.map((change) => [change.service, change.kind]));
    expect(kinds).toEqual({
      same: "untouched",
      live: "live",
      reloaded: "reload",
      restarted: "restart",
      grown: "live",
      gone: "gone",
      fresh: "new",
    });
    expect(await pids(product)).toEqual(before);
    const applied = await product.cli(["apply"]);
    expect([applied.code, applied.stderr]).toEqual([0, ""]);
    const after = await pids(product);
    for (const name of ["same:1", "live:1", "reloaded:1", "grown:1"])
      expect([name, after[name]]).toEqual([name, before[name]]);
    expect(after["restarted:1"]).not.toBe(before["restarted:1"]);
    expect(Object.keys(after).sort()).toEqual(
      ["fresh:1", "grown:1", "grown:2", "grown:3", "live:1", "reloaded:1", "restarted:1", "same:1"].sort(),
    );
    await product.wrote("reloaded", /^reloaded$/m);
    const again = await product.client.plan(null);
    expect([...new Set(again.changes.map((change) => change.kind))]).toEqual(["untouched"]);
  });

  test("a key that was removed from the environment is gone", async () => {
    await using product = new Product("config", { web: service({ environment: { KEPT: "1", DROPPED: "1" } }) });
    await product.up();
    await product.untilReady("web");
    expect(environmentOf(await product.pidOf("web"))).toMatchObject({ KEPT: "1", DROPPED: "1" });
    product.configure({ web: service({ environment: { KEPT: "2" } }) });
    await product.apply();
    const environment = environmentOf((await product.untilReady("web")).pid ?? 0);
    expect([environment.KEPT, environment.DROPPED]).toEqual(["2", undefined]);
  });

  test("--previous goes back, and says so when there is nothing to go back to", async () => {
    await using product = new Product("config", { web: service() });
    await product.up();
    await product.untilReady("web");
    const none = await product.cli(["apply", "--previous"]);
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringContaining("cannot go back to the previous configuration"),
    ]);
    const refused = await product.client
      .apply({ path: null, previous: true })
      .catch((error: { code: string }) => error);
    expect(refused).toMatchObject({ code: "config-no-previous" });
    product.configure({ web: service({ instances: 2 }) });
    await product.apply();
    await product.untilReady("web:2");
    expect((await product.cli(["apply", "--previous"])).code).toBe(0);
    expect((await product.service("web")).instances.map((one) => one.name)).toEqual(["web:1"]);
  });

  test("the last ten are kept, also by a daemon that comes after", async () => {
    await using product = new Product("config", { web: service({ autostart: false }) });
    await product.up();
    const directory = join(product.stateDirectory, "applied");
    for (let number = 2; number <= 11; number++)
      copyFileSync(join(directory, "1.json"), join(directory, `${number}.json`));
    for (let turn = 1; turn <= 2; turn++) {
      product.configure({ web: service({ autostart: false, log: { keep: turn } }) });
      await product.apply();
    }
    const kept = readdirSync(directory).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    expect(kept.length).toBe(10);
    expect(kept.at(-1)).toBe("13.json");
    await product.replaceDaemon();
    expect(readdirSync(directory).length).toBe(10);
    const { plan } = await product.client.apply({ path: null, previous: true });
    expect(plan.changes[0]?.keys).toEqual(["log.keep"]);
  });

  test("[daemon] takes effect at once: log level, and mode and group of the socket", async () => {
    await using product = new Product("config", { web: service() });
    await product.up();
    const socket = () => statSync(join(product.runDirectory, "muster.sock"));
    expect(socket().mode & 0o777).toBe(0o600);
    product.configure({ web: service() }, { log_level: "debug", socket: { mode: "0660" } });
    await product.apply();
    await waitFor("the mode to change", () => (socket().mode & 0o777) === 0o660);
    await waitFor("a debug line", async () => {
      for await (const _ of product.client.followStatus(AbortSignal.timeout(10)));
      return product.read("state/logs/muster.log").includes(" debug ");
    });
    expect((await product.events("muster", "configuration.applied")).length).toBe(2);
  });

  test("[alerts] is named by plan and apply, touches no service, and no secret of it is kept or shown", async () => {
    await using product = new Product("config", { web: service() }, { SMTP_PASSWORD: "hush-variable" });
    await product.up();
    const { pid } = await product.untilReady("web");
    product.write("secret", "hush-file\n", 0o640);
    const alerts = `
[alerts]
join = "1s"
[alerts.mail.admin]
server = "smtp://127.0.0.1:1"
tls = "never"
to = ["ops@example.com"]
user = "muster"
password_environment = "SMTP_PASSWORD"
[alerts.webhook.chat]
url = "http://127.0.0.1:1/"
secret_file = "secret"
`;
    product.write("muster.toml", `${product.read("muster.toml")}${alerts}`);
    const line =
      /^~ \[alerts\] {2}changed live {2}alerts\.join, alerts\.mail\.admin, alerts\.webhook\.chat; touches no service$/m;
    expect((await product.cli(["plan"])).stdout).toMatch(line);
    const applied = await product.cli(["apply"]);
    expect([applied.code, applied.stderr]).toEqual([0, ""]);
    expect(applied.stdout).toMatch(line);
    const { data } = await product.event(
      "muster",
      "configuration.applied",
      ({ data }) => Array.isArray(data.hostKeys) && data.hostKeys.length > 0,
    );
    expect(data).toMatchObject({ changes: [], hostKeys: ["alerts.join", "alerts.mail.admin", "alerts.webhook.chat"] });
    expect(await product.instance("web")).toMatchObject({ pid, generation: 1 });
    const doubt = `alerts.webhook.chat: others than its owner may use ${product.file("secret")}`;
    await waitFor("the warning", () => product.daemonLog().includes(doubt), { lastSeen: () => product.daemonLog() });
    expect((await product.cli(["plan"])).stdout).toContain("nothing changes");

    const kept = readdirSync(product.file("state/applied")).map((name) => product.read(`state/applied/${name}`));
    expect(kept.at(-1)).toContain("SMTP_PASSWORD");
    const shown = [...kept, product.daemonLog(), JSON.stringify(await product.events(null)), applied.stdout];
    expect(shown.filter((text) => text.includes("hush"))).toEqual([]);
  });

  test("a password in the file is refused, and not repeated", async () => {
    await using product = new Product("config", {});
    product.write("muster.toml", '[alerts.mail.admin]\nserver = "smtp://a"\nto = ["a@b"]\npassword = "hush"\n');
    const { code, stderr } = await product.cli(["up"]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      "muster.toml:4:1: alerts.mail.admin.password: a password must not stand in a configuration file",
    );
    expect(stderr).not.toContain("hush");
  });

  test("what is included is read with it, and a second file may be tried", async () => {
    await using product = new Product("config", {});
    product.write("muster.toml", 'include = ["services/*.toml"]\n');
    product.write("services/web.toml", '[services.web]\ncommand = ["sleep", "1000"]\nstart = { wait = "10ms" }\n');
    await product.up();
    await product.untilReady("web");
    product.write("services/api.toml", '[services.api]\ncommand = ["sleep", "1000"]\nstart = { wait = "10ms" }\n');
    await product.apply();
    await product.untilReady("web", "api");
    const other = product.write("other.toml", "[services.web]\ncommand = ['sleep', '1000']\n");
    const { code, stdout } = await product.cli(["plan", "--file", other]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/api .*gone|gone .*api/);
  });
});

describe("without a file", () => {
  test("up -- command keeps that command", async () => {
    await using product = new Product("config", {});
    await product.up(["--", "sh", "-c", "echo {port} $MUSTER_SERVICE; exec sleep 1000"]);
    await product.wrote("sh", /^\{port\} sh$/m);
    expect((await product.client.plan(null)).changes.map((change) => change.kind)).toEqual(["untouched"]);
  });

  test("init writes one that up takes, and never over another", async () => {
    await using product = new Product("config", {});
    const first = await product.cli(["init", "--file", "first.toml"]);
    expect([first.code, readFileSync(product.file("first.toml"), "utf8")]).toEqual([
      0,
      expect.stringContaining("[services."),
    ]);
    const second = await product.cli(["init", "--file", "first.toml"]);
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining("it exists already")]);
    expect(
      (await product.cli(["init", "--file", "own.toml", "--", "sh", "-c", "echo from init; exec sleep 1000"])).code,
    ).toBe(0);
    await product.up(["--file", "own.toml"]);
    await product.wrote("sh", /^from init$/m);
  });
});

async function pids(product: Product): Promise<Record<string, number | null>> {
  const { services } = await product.client.status();
  return Object.fromEntries(services.flatMap(({ instances }) => instances.map((one) => [one.name, one.pid])));
}
