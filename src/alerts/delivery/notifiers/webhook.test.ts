import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { failOnLeaks } from "../../../../test/support/leak-check.ts";
import { openLibc } from "../../../platform/libc.ts";
import { VirtualClock } from "../../../platform/virtual-clock.ts";
import { DELIVERED } from "../notifier.ts";
import { PASSWORD } from "../testing/rigs.ts";
import { sampleNotice } from "../testing/sample-notice.ts";
import { makeNotifiers } from "./make-notifiers.ts";

const NOW_MS = Date.UTC(2026, 0, 1, 12, 0, 0, 700);

interface Seen {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** Posts `names` to a server that answers with `answer`. */
async function post(
  answer: (seen: Seen) => Response,
  wish: { path?: string; login?: string; isSigned?: boolean; names?: readonly string[] } = {},
) {
  const seen: Seen[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const one = { url: request.url, headers: request.headers, body: await request.text() };
      seen.push(one);
      return answer(one);
    },
  });
  const [notifier] = makeNotifiers(
    [
      {
        kind: "webhook",
        name: "chat",
        severity: "warn",
        timeoutMs: 10_000,
        url: `http://${wish.login ?? ""}127.0.0.1:${server.port}${wish.path ?? "/"}`,
        secret: wish.isSigned ? { kind: "environment", variable: "SECRET" } : null,
      },
    ],
    { clock: new VirtualClock({ wallMs: NOW_MS }), environment: { SECRET: PASSWORD }, libc: openLibc(), host: "host1" },
  );
  const notices = (wish.names ?? ["db"]).map((name) => sampleNotice(name));
  const outcome = await notifier?.deliver(notices, new AbortController().signal);
  await server.stop(true);
  return { outcome, seen, notices };
}

describe("what is posted", () => {
  failOnLeaks();

  test("is an object with the notices, also for one, under a key that is the same when it is repeated", async () => {
    const one = await post(() => new Response(""));
    expect(JSON.parse(one.seen[0]?.body ?? "")).toEqual({ notices: one.notices });
    expect(one.seen[0]?.headers.get("content-type")).toBe("application/json");
    expect(one.seen[0]?.headers.get("idempotency-key")).toBe("a-db.raised");
    const two = await post(() => new Response(""), { names: ["db", "web"] });
    const again = await post(() => new Response(""), { names: ["db", "web"] });
    const keys = [two, again].map(({ seen }) => seen[0]?.headers.get("idempotency-key"));
    expect(keys[0]).toMatch(/^batch-[0-9a-f]{32}$/);
    expect(keys[1]).toBe(keys[0] ?? "");
  });

  test("is signed with the time, when there is a secret", async () => {
    const { seen } = await post(() => new Response(""), { isSigned: true });
    const seconds = Math.floor(NOW_MS / 1_000);
    const expected = createHmac("sha256", PASSWORD).update(`${seconds}.${seen[0]?.body}`).digest("hex");
    expect(seen[0]?.headers.get("muster-signature")).toBe(`t=${seconds},v1=${expected}`);
    const plain = await post(() => new Response(""));
    expect(plain.seen[0]?.headers.has("muster-signature")).toBe(false);
  });

  test("carries user and password of the address as a header", async () => {
    const { seen, outcome } = await post(() => new Response(""), { login: "user:p%20w@" });
    expect(outcome).toEqual(DELIVERED);
    expect(seen[0]?.headers.get("authorization")).toBe(`Basic ${btoa("user:p w")}`);
  });
});

describe("what the answer means", () => {
  failOnLeaks();
  const permanent = [400, 401, 403, 404, 410, 413, 422];
  const passing = [408, 425, 429, 500, 502, 503, 504];

  for (const status of [200, 201, 202, 204]) {
    test(`${status}: taken`, async () => {
      const { outcome } = await post(() => new Response(status === 204 ? null : "thanks", { status }));
      expect(outcome).toEqual(DELIVERED);
    });
  }
  for (const status of [...permanent, ...passing]) {
    test(`${status}: refused for ${passing.includes(status) ? "now" : "good"}, and the first line of the answer is the reason`, async () => {
      const { outcome } = await post(() => new Response("no \u001b[2J room\nstack trace", { status }));
      const reason = expect.stringMatching(new RegExp(`^127\\.0\\.0\\.1:\\d+ answers ${status}: no \\[2J room$`));
      expect(outcome).toMatchObject({ kind: "failed", permanent: permanent.includes(status), reason });
    });
  }

  test("a redirect is not followed", async () => {
    const { outcome, seen } = await post(() => new Response(null, { status: 307, headers: { Location: "/other" } }));
    expect(seen).toHaveLength(1);
    expect(outcome).toMatchObject({ kind: "failed", permanent: false, reason: expect.stringContaining("307") });
  });

  test("Retry-After is honoured, in seconds and as a date", async () => {
    const date = new Date(NOW_MS + 30 * 86_400_000).toUTCString();
    const later = new Date(Date.parse(date) + 90_000).toUTCString();
    const after = async (headers: Record<string, string>) => {
      const { outcome } = await post(() => new Response("", { status: 503, headers }));
      return outcome?.kind === "failed" ? outcome.retryAfterMs : undefined;
    };
    expect(await after({ "Retry-After": "120" })).toBe(120_000);
    expect(await after({ "Retry-After": later, Date: date })).toBe(90_000);
    expect(await after({ "Retry-After": date, Date: later })).toBeNull();
    expect(await after({ "Retry-After": "soon" })).toBeNull();
    expect(await after({})).toBeNull();
  });

  test("an answer without end is read no further than for its first line", async () => {
    let sent = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            sent++;
            controller.enqueue(new Uint8Array(65_536).fill(120));
          },
        }),
        { status: 500 },
      );
    const { outcome } = await post(endless);
    expect(outcome).toMatchObject({ kind: "failed", permanent: false });
    expect(sent).toBeLessThan(1_000);
  });
});

describe("secrets", () => {
  failOnLeaks();

  test("in the address or the file are not told, also when the other side repeats them", async () => {
    const path = "/services/T0KEN/B0X?key=s3cr3t";
    const repeat = ({ url, headers }: Seen) =>
      new Response(`bad ${url.slice(url.indexOf("/services"))} ${PASSWORD} ${headers.get("authorization")}`, {
        status: 400,
      });
    const { outcome } = await post(repeat, { path, login: "user:pass-w0rd@", isSigned: true });
    expect(outcome).toMatchObject({ kind: "failed" });
    for (const secret of ["T0KEN", "s3cr3t", PASSWORD, "pass-w0rd", btoa("user:pass-w0rd")]) {
      expect(JSON.stringify(outcome)).not.toContain(secret);
    }
  });

  test("that cannot be had keep the notice from going out unsigned", async () => {
    const url = "http://127.0.0.1:1/";
    const secret = { kind: "file", path: "/nowhere/secret" } as const;
    const [notifier] = makeNotifiers(
      [{ kind: "webhook", name: "c", severity: "warn", timeoutMs: 1_000, url, secret }],
      {
        clock: new VirtualClock(),
        environment: {},
        libc: openLibc(),
        host: "host1",
      },
    );
    const outcome = await notifier?.deliver([sampleNotice("db")], new AbortController().signal);
    expect(outcome).toMatchObject({ permanent: false, reason: expect.stringContaining("/nowhere/secret") });
  });
});
