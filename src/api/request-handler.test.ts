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
