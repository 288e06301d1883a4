import type { Method, Route } from "./route.ts";

export type Match =
  | { readonly kind: "found"; readonly route: Route; readonly pathParameters: Readonly<Record<string, string>> }
  | { readonly kind: "wrong-method"; readonly allowed: readonly Method[] }
  | { readonly kind: "unknown" };

interface Entry {
  readonly segments: readonly string[];
  readonly route: Route;
}

/** Finds the route of a request. Fixed paths win over those with a `{name}`. */
export class Router {
  private readonly fixed = new Map<string, Entry[]>();
  private readonly open: Entry[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const entry = { segments: route.path.split("/"), route };
      if (route.path.includes("{")) this.open.push(entry);
      else this.fixed.set(route.path, [...(this.fixed.get(route.path) ?? []), entry]);
    }
  }

  /** @param path as it was sent, without the query; a segment that cannot be decoded matches nothing */
  match(method: string, path: string): Match {
    const segments = path.split("/");
    const entries = this.fixed.get(path) ?? this.open.filter((entry) => fits(entry.segments, segments));
    if (entries.length === 0) return { kind: "unknown" };
    const entry = entries.find((each) => each.route.method === method);
    if (entry === undefined) return { kind: "wrong-method", allowed: entries.map((each) => each.route.method) };
    const pathParameters = parametersOf(entry.segments, segments);
    return pathParameters === undefined ? { kind: "unknown" } : { kind: "found", route: entry.route, pathParameters };
  }
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  return pattern.every((word, index) => (word.startsWith("{") ? segments[index] !== "" : word === segments[index]));
}

function parametersOf(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const found: Record<string, string> = {};
  for (const [index, word] of pattern.entries()) {
    if (!word.startsWith("{")) continue;
    try {
      found[word.slice(1, -1)] = decodeURIComponent(segments[index] ?? "");
    } catch {
      return undefined;
    }
  }
  return found;
}
