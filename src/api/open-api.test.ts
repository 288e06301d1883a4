import { describe, expect, test } from "bun:test";
import { ERROR_CATALOGUE } from "../model/errors/catalogue.ts";
import { openApiDocument } from "./open-api.ts";
import { ACCESS_LEVELS, COMMON_ERRORS } from "./route.ts";
import { routeTable } from "./route-table.ts";

describe("the table of routes", () => {
  const routes = routeTable();

  test("is seen", () => expect(routes.length).toBeGreaterThan(15));

  test("has each method and path once", () => {
    const names = routes.map((route) => `${route.method} ${route.path}`);
    expect(new Set(names).size).toBe(names.length);
  });

  for (const route of routes) {
    test(`${route.method} ${route.path} says what it needs, does and gives`, () => {
      expect(ACCESS_LEVELS).toContain(route.access);
      expect(route.access === "viewer").toBe(route.method === "GET");
      expect(route.path).toMatch(/^(\/v1(\/[a-z-]+|\/\{[a-z]+\}|\/openapi\.json)+|\/metrics)$/);
      expect(route.summary).toMatch(/^[A-Z].{5,}[^.]$/);
      expect(Object.keys(route.response.schema().json).length).toBeGreaterThan(0);
      expect(route.body === null).toBe(route.method === "GET" || route.method === "DELETE");
      for (const code of [...COMMON_ERRORS, ...route.errors]) expect(ERROR_CATALOGUE).toHaveProperty(code);
      for (const [, name] of route.path.matchAll(/\{(\w+)\}/g)) expect(route.parameters.required).toContain(name ?? "");
    });
  }
});

describe("the OpenAPI document", () => {
  const document = openApiDocument(routeTable());
  const text = JSON.stringify(document);

  test("points only to what it has", () => {
    const schemas = (document.components as { schemas: Record<string, unknown> }).schemas;
    const references = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1] ?? "");
    expect(references.length).toBeGreaterThan(20);
    for (const name of references) expect(schemas).toHaveProperty(name);
  });

  test("has each operation id once", () => {
    const ids = [...text.matchAll(/"operationId":"(\w+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(routeTable().length);
  });

  test("gives one name to one schema", () => {
    const byName = new Map<string, string>();
    for (const { response } of routeTable()) {
      const json = JSON.stringify(response.schema().json);
      expect(byName.get(response.name) ?? json).toBe(json);
      byName.set(response.name, json);
    }
  });
});
