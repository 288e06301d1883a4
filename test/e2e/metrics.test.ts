/** The numbers that others collect: by the command line, as a file, and over the API. */
import { describe, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { configureAlerts, HASTY, mailTo, NoticeFile, noticesWaiting, untilAlert } from "../support/alarms.ts";
import { startMailServer } from "../support/mail-server.ts";
import { Product } from "../support/product.ts";
import { Puppet } from "../support/puppet.ts";
import { EAGER, STEADY } from "../support/services.ts";
import { waitFor } from "../support/wait-for.ts";

/** The value of a line; undefined: it is not there. */
function sampleIn(text: string, sample: string): number | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

async function metricsOf(product: Product): Promise<string> {
  const { code, stdout, stderr } = await product.cli(["metrics"]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("muster metrics", () => {
  test("counts services, restarts, what they said, alerts and notices that wait", async () => {
    await using product = new Product("metrics", {});
    const gone = await startMailServer();
    await gone.close();
    const told = new NoticeFile(product);
    const web = new Puppet(product, "web");
    const channels = { mail: { ops: mailTo(gone.port) }, command: { told: told.channel } };
    configureAlerts(
      product,
      { ...HASTY, ...channels },
      {
        web: web.keys,
        api: { ...STEADY, ...EAGER, instances: 2 },
        idle: { ...STEADY, autostart: false },
      },
    );
    await product.up();
    await product.untilReady("web", "api:1", "api:2");
    process.kill(await product.pidOf("api:2"), "SIGKILL");
    await product.event("api:2", "instance.ready", ({ data }) => data.generation === 2);
    web.do("vme id=alert cnt_name=shelves cnt_value=17", "vme id=alert severity=fatal msg=one");
    await told.untilMessage("one");
    web.do("vme id=alert severity=error msg=two");
    await told.untilMessage("two");
    await waitFor("both notices to wait", async () => (await noticesWaiting(product, "ops")) === 2);
    await untilAlert(product, "of the channel", ({ kind }) => kind === "supervision");
    expect((await product.cli(["ack", "--all"])).code).toBe(0);
    web.do("vme id=alert severity=fatal msg=three");
    await told.untilMessage("three");
    const text = await metricsOf(product);
    expect(text.endsWith("\n# EOF\n")).toBe(true);
    const values = {
      'muster_service_wanted{service="web"}': 1,
      'muster_service_wanted{service="idle"}': 0,
      'muster_instance_up{service="api",number="2"}': 1,
      'muster_instance_ready{service="idle",number="1"}': 0,
      'muster_instance_state{service="idle",number="1",state="stopped"}': 1,
      'muster_instance_restarts_total{service="api",number="1"}': 0,
      'muster_instance_restarts_total{service="api",number="2"}': 1,
      'muster_alerts{severity="fatal",state="active"}': 1,
      'muster_alerts{severity="fatal",state="acknowledged"}': 1,
      'muster_alerts{severity="error",state="acknowledged"}': 2,
      'muster_alerts{severity="error",state="active"}': 0,
      'muster_notices_waiting{channel="ops"}': 3,
      'muster_notices_waiting{channel="told"}': 0,
      'muster_events_total{kind="service.alert",severity="fatal"}': 2,
    };
    const found = Object.fromEntries(Object.keys(values).map((sample) => [sample, sampleIn(text, sample)]));
    expect(found).toEqual(values);
    expect(text).toMatch(/^muster_\w+\{service="web",number="1",(name|counter)="shelves"\} 17$/m);
    expect(sampleIn(text, "muster_daemon_memory_bytes")).toBeGreaterThan(1_000_000);
  });

  test("says the same as /metrics of the API, in its media type", async () => {
    await using product = new Product("metrics", { web: STEADY });
    await product.up();
    await product.untilReady("web");
    const unix = `${product.runDirectory}/muster.sock`;
    const answer = await fetch("http://muster/metrics", { unix });
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([
      200,
      expect.stringMatching(/^application\/openmetrics-text; *version=1\.0\.0/),
    ]);
    const names = (text: string) => text.match(/^# TYPE .*$/gm);
    const text = await answer.text();
    expect(names(text)).toEqual(names(await metricsOf(product)));
    expect(names(text)?.length).toBeGreaterThan(10);
    expect(new Set(names(text)).size).toBe(names(text)?.length ?? 0);
  });

  test("goes on counting over the death of the daemon where the services live on", async () => {
    await using product = new Product("metrics", { web: { ...STEADY, ...EAGER } });
    await product.up();
    process.kill(await product.pidOf("web"), "SIGKILL");
    await product.event("web", "instance.ready", ({ data }) => data.generation === 2);
    const restarts = 'muster_instance_restarts_total{service="web",number="1"}';
    const started = 'muster_instance_start_time_seconds{service="web",number="1"}';
    const before = await metricsOf(product);
    await product.replaceDaemon();
    await product.untilReady("web");
    const after = await metricsOf(product);
    expect([sampleIn(before, restarts), sampleIn(after, restarts)]).toEqual([1, 1]);
    expect(Math.abs((sampleIn(after, started) ?? 0) - (sampleIn(before, started) ?? 1))).toBeLessThan(0.1);
  });
});

describe("muster metrics --output", () => {
  test("puts a whole file in place, readable for all, in the older format", async () => {
    await using product = new Product("metrics", { web: { ...STEADY, ...EAGER } });
    await product.up();
    await product.untilReady("web");
    const path = product.write("out/muster.prom", "old\n", 0o600);
    expect(await product.cli(["metrics", "--output", "out/muster.prom"])).toMatchObject({ code: 0, stdout: "" });
    const text = product.read("out/muster.prom");
    expect(text).toContain('muster_instance_up{service="web",number="1"} 1\n');
    expect(text).toMatch(/^# TYPE muster_instance_restarts_total counter$/m);
    expect(text).not.toMatch(/^# (EOF|UNIT)/m);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(product.file("out"))).toEqual(["muster.prom"]);
  });

  test("leaves the file as it is when no daemon answers, and refuses what nobody would read", async () => {
    await using product = new Product("metrics", { web: STEADY });
    product.write("x.prom", "old\n");
    expect((await product.cli(["metrics", "--output", "x.prom"])).code).toBe(4);
    expect(product.read("x.prom")).toBe("old\n");
    const refused = await product.cli(["metrics", "--output", "x.txt"]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(".prom")]);
    await product.up();
    const nowhere = await product.cli(["metrics", "--output", "absent/x.prom"]);
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringMatching(/absent\/x\.prom/)]);
    expect(nowhere.stderr).not.toMatch(/^\s+at /m);
  });
});
