import { describe, expect, test } from "bun:test";
import { readParameters } from "./read-parameters.ts";
import { routeTable } from "./route-table.ts";
import { Router } from "./router.ts";
import { integer, listOf, objectOf, text, truth } from "./schema/schema.ts";

describe("finding the route", () => {
  const router = new Router(routeTable());

  test("every route is found by its own path", () => {
    for (const route of routeTable()) {
      const match = router.match(route.method, route.path.replace("{id}", "x"));
      expect(match.kind === "found" && match.route.path).toBe(route.path);
    }
  });

  test("a parameter of the path is decoded", () => {
    const match = router.match("GET", "/v1/orders/a%2Fb");
    expect(match.kind === "found" && match.pathParameters).toEqual({ id: "a/b" });
  });

  test("a wrong method is told which are right", () => {
    expect(router.match("DELETE", "/v1/orders")).toEqual({ kind: "wrong-method", allowed: ["POST"] });
  });

  for (const path of [
    "",
    "/",
    "/v1",
    "/v1/status/",
    "/v2/status",
    "/v1/orders/",
    "/v1/orders/%",
    "/v1/orders/a/b",
    "/v1/Status",
  ]) {
    test(`"${path}" is unknown`, () => expect(router.match("GET", path).kind).toBe("unknown"));
  }
});

describe("reading parameters", () => {
  const schema = objectOf({ id: text() }, { limit: integer({ minimum: 0 }), follow: truth(), target: listOf(text()) });
  const read = (query: string) => readParameters(schema, { id: "7" }, new URLSearchParams(query));

  test("numbers, truths and lists are made of text", () => {
    expect(read("limit=3&follow=true&target=a&target=b")).toEqual({
      ok: true,
      value: Object.assign(Object.create(null), { id: "7", limit: 3, follow: true, target: ["a", "b"] }),
    });
    expect(read("target=a")).toMatchObject({ ok: true, value: { target: ["a"] } });
  });

  const refused: readonly (readonly [query: string, field: string, what: string])[] = [
    ["limit=x", "limit", 'received "x"'],
    ["limit=", "limit", 'received ""'],
    ["limit=1e3", "limit", 'received "1e3"'],
    ["limit=-1", "limit", "received -1"],
    ["limit=1&limit=2", "limit", "more than once"],
    ["follow=yes", "follow", "true or false"],
    ["colour=red", "colour", "is not known here"],
    ["__proto__=1", "__proto__", "is not known here"],
  ];
  for (const [query, field, what] of refused) {
    test(query, () => {
      const result = read(query);
      if (result.ok) throw new Error("it was taken");
      expect(result.error.code).toBe("request-malformed");
      expect(result.error.data).toMatchObject({ field });
      expect(result.error.message).toContain(what);
    });
  }

  test("the query cannot stand in for the path", () => {
    expect(read("id=8")).toMatchObject({ ok: true, value: { id: "7" } });
  });
});
