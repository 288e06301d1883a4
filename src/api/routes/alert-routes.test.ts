import { describe, expect, test } from "bun:test";
import { RequestHandler } from "../request-handler.ts";
import { routeTable } from "../route-table.ts";
import { STREAM_LIMITS } from "../stream/outgoing-stream.ts";
import { FakeFacade } from "../testing/fake-facade.ts";

async function ask(method: string, path: string, body: string | null) {
  const facade = new FakeFacade();
  const handler = new RequestHandler({
    facade,
    routes: routeTable(),
    access: "operator",
    mostStreams: 1,
    bodyLimit: { bytes: 1_000_000, ms: 1_000 },
    streamLimits: STREAM_LIMITS,
    onFault: () => {},
    onStreamEnd: () => {},
  });
  const response = await handler.handle(new Request(`http://muster${path}`, { method, body }));
  return { status: response.status, text: await response.text(), calls: facade.calls };
}

describe("what is refused", () => {
  const bodies: readonly (readonly [path: string, body: string, says: string])[] = [
    ["/v1/marks", "{}", '"text" is missing'],
    ["/v1/marks", '{"text":" \\n "}', '"text" expected some text'],
    ["/v1/marks", JSON.stringify({ text: "x".repeat(2_001) }), '"text" longer than 2000 characters'],
    ["/v1/alerts/acknowledge", '{"ids":"some","comment":null}', '"ids" expected "all" or a list, received "some"'],
    ["/v1/alerts/acknowledge", '{"ids":[],"comment":null}', '"ids" expected at least 1'],
    ["/v1/alerts/acknowledge", '{"ids":[1],"comment":null}', '"ids[0]" expected a string'],
    ["/v1/alerts/acknowledge", '{"ids":"all","comment":""}', '"comment" expected some text'],
    ["/v1/silences", '{"pattern":"web","forMs":0,"comment":null}', '"forMs" expected a whole number from 1000 to'],
    ["/v1/silences", '{"pattern":"web","forMs":1e15,"comment":null}', '"forMs" expected a whole number from 1000 to'],
    ["/v1/silences", '{"pattern":"","forMs":1000,"comment":null}', '"pattern" expected some text'],
    ["/v1/alerts/test", '{"channel":"ops"}', '"channel" is not known here'],
  ];
  for (const [path, body, says] of bodies) {
    test(`${path} with ${body.slice(0, 60)}`, async () => {
      const { status, text, calls } = await ask("POST", path, body);
      expect([status, calls]).toEqual([400, []]);
      const { code, message } = JSON.parse(text).error;
      expect(code).toBe("request-malformed");
      expect(message).toContain(says);
    });
  }

  test("a mark of 1 MB, before it reaches the journal", async () => {
    const { status, text, calls } = await ask("POST", "/v1/marks", JSON.stringify({ text: "x".repeat(1_000_000) }));
    expect([status, JSON.parse(text).error.code, calls]).toEqual([413, "request-too-large", []]);
  });
});

describe("what is taken", () => {
  test("a mark and a comment with anything in them, as data", async () => {
    const text = "<b>deployed</b>\u001b[2J\nü🙂";
    expect((await ask("POST", "/v1/marks", JSON.stringify({ text }))).calls[0]?.given).toEqual([text, "api"]);
    const request = { ids: "all", comment: text };
    const { calls } = await ask("POST", "/v1/alerts/acknowledge", JSON.stringify(request));
    expect(calls).toEqual([{ name: "acknowledge", given: [request, "api"] }]);
  });

  test("a mark of 2000 characters", async () => {
    expect((await ask("POST", "/v1/marks", JSON.stringify({ text: "x".repeat(2_000) }))).status).toBe(200);
  });

  test("alerts with and without those that are resolved", async () => {
    for (const [query, all] of [
      ["", false],
      ["?all=true", true],
      ["?all=false", false],
    ] as const) {
      expect((await ask("GET", `/v1/alerts${query}`, null)).calls).toEqual([{ name: "alerts", given: [{ all }] }]);
    }
    expect((await ask("GET", "/v1/alerts?all=1", null)).status).toBe(400);
  });
});
