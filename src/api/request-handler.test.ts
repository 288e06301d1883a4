import { describe, expect, test } from "bun:test";
import { accessOf, allows } from "./access.ts";
import { RequestHandler } from "./request-handler.ts";
import type { Access } from "./route.ts";
import { routeTable } from "./route-table.ts";
import { STREAM_LIMITS } from "./stream/outgoing-stream.ts";
import { FakeFacade } from "./testing/fake-facade.ts";

function handlerFor(access: Access, facade = new FakeFacade()): RequestHandler {
  return new RequestHandler({
    facade,
    routes: routeTable(),
    access,
    mostStreams: 10,
    bodyLimit: { bytes: 1_000, ms: 1_000 },
    streamLimits: STREAM_LIMITS,
    onFault: () => {},
    onStreamEnd: () => {},
  });
}

const stop = (headers: Record<string, string> = {}): Request =>
  new Request("http://muster/v1/orders", { method: "POST", body: '{"order":"stop","targets":["web"]}', headers });

describe("access", () => {
  test("who may open the socket is admin", () => expect(accessOf({ kind: "socket" })).toBe("admin"));

  test("a level has those before it", () => {
    expect(allows("admin", "viewer")).toBe(true);
    expect(allows("operator", "operator")).toBe(true);
    expect(allows("viewer", "operator")).toBe(false);
    expect(allows("operator", "admin")).toBe(false);
  });

  test("a viewer may look and not order, and nothing is done", async () => {
    const facade = new FakeFacade();
    const handler = handlerFor("viewer", facade);
    expect((await handler.handle(new Request("http://muster/v1/status"))).status).toBe(200);
    const refused = await handler.handle(stop());
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: "access-denied", data: { needed: "operator" } } });
    expect(facade.calls).toEqual([]);
  });
});

describe("what is done about alerts", () => {
  const requests: readonly (readonly [method: string, path: string, body: string | null])[] = [
    ["POST", "/v1/alerts/acknowledge", '{"ids":"all","comment":null}'],
    ["POST", "/v1/alerts/test", "{}"],
    ["POST", "/v1/silences", '{"pattern":"*","forMs":1000,"comment":null}'],
    ["DELETE", "/v1/silences/0c2d", null],
    ["POST", "/v1/marks", '{"text":"deployed"}'],
  ];
  for (const [method, path, body] of requests) {
    test(`${method} ${path} is for operators`, async () => {
      const facade = new FakeFacade();
      const ask = async (access: Access) =>
        (await handlerFor(access, facade).handle(new Request(`http://muster${path}`, { method, body }))).status;
      expect([await ask("viewer"), facade.calls.length]).toEqual([403, 0]);
      expect([await ask("operator"), facade.calls.length]).toEqual([200, 1]);
    });
  }

  test("alerts and metrics are for every viewer", async () => {
    for (const path of ["/v1/alerts?all=true", "/v1/silences", "/metrics"]) {
      expect((await handlerFor("viewer").handle(new Request(`http://muster${path}`))).status).toBe(200);
    }
  });
});

describe("who gives an order", () => {
  const byOf = async (headers: Record<string, string>): Promise<unknown> => {
    const facade = new FakeFacade();
    await handlerFor("admin", facade).handle(stop(headers));
    return facade.calls[0]?.given[1];
  };

  test("is what the client says of itself", async () => {
    expect(await byOf({ "muster-client": "cli (user ana)" })).toBe("cli (user ana)");
  });

  test("is the API when it says nothing, and never longer than 200 characters", async () => {
    expect(await byOf({})).toBe("api");
    expect(String(await byOf({ "muster-client": "x".repeat(5_000) }))).toHaveLength(200);
  });
});
