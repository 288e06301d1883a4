import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ApiServer, startApiServer } from "../../src/api/server.ts";
import {
  FakeFacade,
  SAMPLE_ALERT,
  SAMPLE_CHANNEL_TEST,
  SAMPLE_EVENT,
  SAMPLE_LINE,
  SAMPLE_METRICS,
  SAMPLE_ORDER,
  SAMPLE_SILENCE,
  sampleStatus,
} from "../../src/api/testing/fake-facade.ts";
import { MusterClient } from "../../src/client/client.ts";
import { fetchTransport } from "../../src/client/fetch-transport.ts";
import { nodeTransport } from "../../src/client/node-transport.ts";
import { codedError } from "../../src/model/errors/catalogue.ts";
import type { EventQuery } from "../../src/model/event-query.ts";
import type { LogQuery } from "../../src/model/log-line.ts";
import { failOnLeaks } from "../support/leak-check.ts";
import { directoryForEachTest } from "../support/temporary-directory.ts";
import { waitFor } from "../support/wait-for.ts";

failOnLeaks();

const directory = directoryForEachTest("client-and-api");
let facade: FakeFacade;
let server: ApiServer;
let socketPath: string;

beforeEach(() => {
  facade = new FakeFacade();
  socketPath = directory().file("muster.sock");
  const started = startApiServer({ facade, socketPath, onFault: () => {} });
  if (!started.ok) throw started.error;
  server = started.value;
});

afterEach(() => server.close(0));

const EVENTS: EventQuery = {
  subject: "web",
  kinds: ["instance.exited"],
  severity: "warn",
  since: null,
  until: null,
  limit: 7,
};
const LOGS: LogQuery = {
  targets: ["web:1", "@backend"],
  lines: 20,
  follow: false,
  since: "2026-01-31T12:00:00.000+01:00",
  sinceStart: true,
  grep: "a+b & c",
  stream: "err",
};

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

for (const [name, transportFor] of [
  ["fetch", fetchTransport],
  ["node:http", nodeTransport],
] as const) {
  describe(`the client through ${name}`, () => {
    const newClient = (): MusterClient =>
      new MusterClient({ socketPath, name: "test", transport: transportFor(socketPath) });

    test("brings every call to the facade, and its answer back", async () => {
      const client = newClient();
      expect(await client.status()).toEqual(sampleStatus());
      expect(await client.names()).toEqual(facade.names());
      expect(await client.daemon()).toEqual(facade.daemon());
      expect(await client.giveOrder({ order: "scale", counts: { web: 4 } })).toEqual(SAMPLE_ORDER);
      expect(await client.orderStatus("order-1")).toEqual(SAMPLE_ORDER);
      expect((await client.plan("/etc/muster.toml")).changes).toHaveLength(1);
      expect((await client.apply({ path: null, previous: true })).order).toEqual(SAMPLE_ORDER);
      expect(await client.events(EVENTS)).toEqual([SAMPLE_EVENT]);
      expect((await client.why("web")).map((report) => report.subject)).toEqual(["web:1"]);
      expect((await client.mark("deployed <b>7</b>\u001b")).message).toBe("deployed <b>7</b>\u001b");
      expect(await client.alerts({ all: true })).toEqual([SAMPLE_ALERT]);
      expect(await client.acknowledge({ ids: ["0a1b"], comment: "mine" })).toEqual([SAMPLE_ALERT]);
      expect(await client.acknowledge({ ids: "all", comment: null })).toEqual([SAMPLE_ALERT]);
      expect(await client.silence({ pattern: "web*", forMs: 7_200_000, comment: null })).toEqual(SAMPLE_SILENCE);
      expect(await client.silences()).toEqual([SAMPLE_SILENCE]);
      expect(await client.unsilence("0c/2d")).toEqual(SAMPLE_SILENCE);
      expect(await client.testAlerts()).toEqual([SAMPLE_CHANNEL_TEST]);
      expect(await client.metrics()).toBe(SAMPLE_METRICS);
      await client.setLogLevel("debug");
      expect((await client.shutDown({ keep: true })).order).toBe("down");
      expect((await client.openApi()).openapi).toBe("3.1.0");
      expect(facade.calls).toEqual([
        { name: "giveOrder", given: [{ order: "scale", counts: { web: 4 } }, "test"] },
        { name: "plan", given: ["/etc/muster.toml"] },
        { name: "apply", given: [{ path: null, previous: true }, "test"] },
        { name: "events", given: [EVENTS] },
        { name: "why", given: ["web"] },
        { name: "mark", given: ["deployed <b>7</b>\u001b", "test"] },
        { name: "alerts", given: [{ all: true }] },
        { name: "acknowledge", given: [{ ids: ["0a1b"], comment: "mine" }, "test"] },
        { name: "acknowledge", given: [{ ids: "all", comment: null }, "test"] },
        { name: "silence", given: [{ pattern: "web*", forMs: 7_200_000, comment: null }, "test"] },
        { name: "unsilence", given: ["0c/2d", "test"] },
        { name: "testAlerts", given: ["test"] },
        { name: "setLogLevel", given: ["debug"] },
        { name: "shutDown", given: [{ keep: true }, "test"] },
      ]);
    });

    test("gives an error of the daemon its code, message and data", async () => {
      facade.refusal = codedError("service-unknown", { pattern: "wbe", nearest: "web" });
      const { message } = facade.refusal;
      await expect(newClient().giveOrder({ order: "stop", targets: ["wbe"] })).rejects.toMatchObject({
        name: "CodedError",
        code: "service-unknown",
        message,
        data: { pattern: "wbe", nearest: "web" },
      });
      await expect(newClient().orderStatus("a/b?c")).rejects.toMatchObject({
        code: "order-unknown",
        data: { id: "a/b?c" },
      });
      await expect(all(newClient().followOrder("old"))).rejects.toMatchObject({ code: "order-unknown" });
      await expect(all(newClient().logs({ ...LOGS, targets: ["nobody"] }))).rejects.toMatchObject({
        code: "service-unknown",
      });
    });

    test("follows an order to its end", async () => {
      facade.orders.push(SAMPLE_ORDER, { ...SAMPLE_ORDER, ended: true, ok: true });
      facade.orders.end();
      expect((await all(newClient().followOrder("order-1"))).map((order) => order.ended)).toEqual([false, true]);
    });

    test("follows events from the last one that was seen", async () => {
      facade.newEvents.push([SAMPLE_EVENT, { ...SAMPLE_EVENT, id: "0002" }], [{ ...SAMPLE_EVENT, id: "0003" }]);
      facade.newEvents.end();
      const events = await all(newClient().followEvents(EVENTS, { after: "0000" }));
      expect(events.map((event) => event.id)).toEqual(["0001", "0002", "0003"]);
      expect(facade.calls).toEqual([{ name: "followEvents", given: [EVENTS, "0000"] }]);
    });

    test("reads logs to their end: every line once, in order, whatever is in it", async () => {
      const texts = [
        "",
        "plain",
        'quotes " and \\ and \u2028',
        "grün 🙂",
        "x".repeat(70_000),
        "\u0000\u001b[31m",
        '{"error":1}',
      ];
      const lines = Array.from({ length: 5_000 }, (_, index) => ({
        ...SAMPLE_LINE,
        generation: index,
        text: texts[index % 7] ?? "",
      }));
      for (let from = 0; from < lines.length; from += 100) facade.lines.push(lines.slice(from, from + 100));
      facade.lines.end();
      expect((await all(newClient().logs(LOGS))).flat()).toEqual(lines);
      expect(facade.calls).toEqual([{ name: "logs", given: [LOGS] }]);
    });

    test("throws what the source of a stream throws", async () => {
      facade.lines.push([SAMPLE_LINE]);
      facade.lines.fail(codedError("internal-fault", { reason: "the disk is gone" }));
      const seen: unknown[] = [];
      const read = async (): Promise<void> => {
        for await (const batch of newClient().logs(LOGS)) seen.push(...batch);
      };
      await expect(read()).rejects.toMatchObject({ code: "internal-fault", data: { reason: "the disk is gone" } });
      expect(seen).toEqual([SAMPLE_LINE]);
    });

    test("leaves a stream by its signal, without an error, while it waits", async () => {
      const leave = new AbortController();
      const seen: unknown[] = [];
      const following = (async () => {
        for await (const status of newClient().followStatus(leave.signal)) {
          seen.push(status);
          setImmediate(() => leave.abort());
        }
      })();
      facade.statuses.push(sampleStatus());
      await following;
      expect(seen).toHaveLength(1);
      await waitFor("the facade's iterator to end", () => facade.statuses.open === 0 && server.openStreams === 0);
      expect(await all(newClient().followStatus(leave.signal))).toEqual([]);
    });

    test("leaves a stream by leaving its loop", async () => {
      facade.lines.push([SAMPLE_LINE]);
      for await (const _ of newClient().logs({ ...LOGS, follow: true })) break;
      await waitFor("the facade's iterator to end", () => facade.lines.open === 0 && server.openStreams === 0);
    });

    test("holds back a source that is faster than its reader", async () => {
      const batch = Array.from({ length: 100 }, () => ({ ...SAMPLE_LINE, text: "x".repeat(1_000) }));
      for (let index = 0; index < 500; index++) facade.lines.push(batch);
      facade.lines.end();
      const lines = newClient().logs(LOGS)[Symbol.asyncIterator]();
      await lines.next();
      let takenBefore = -1;
      await waitFor("the source to stand still", () => {
        const stands = takenBefore === facade.lines.taken;
        takenBefore = facade.lines.taken;
        return stands;
      });
      expect(facade.lines.taken).toBeLessThan(100);
      let count = 0;
      for (let step = await lines.next(); step.done !== true; step = await lines.next()) count += step.value.length;
      expect(count).toBeGreaterThan(49_000);
    });

    test("cannot take the end of the daemon for the end of a stream", async () => {
      facade.orders.push(SAMPLE_ORDER);
      facade.lines.push([SAMPLE_LINE]);
      const seen: unknown[] = [];
      const readers = [newClient().followOrder("order-1"), newClient().logs({ ...LOGS, follow: true })].map(
        async (items: AsyncIterable<unknown>) => {
          for await (const item of items) seen.push(item);
        },
      );
      const ended = Promise.allSettled(readers);
      await waitFor("both streams", () => seen.length === 2);
      await server.close();
      expect(await ended).toMatchObject([
        { status: "rejected", reason: { code: "daemon-ending" } },
        { status: "rejected", reason: { code: "daemon-ending" } },
      ]);
    });
  });
}

test("the client chooses its transport by the runtime", async () => {
  expect((await new MusterClient({ socketPath }).daemon()).pid).toBe(1);
});
