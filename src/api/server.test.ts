import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { type ApiServer, type ApiServerOptions, startApiServer } from "./server.ts";
import { FakeFacade, SAMPLE_EVENT, SAMPLE_METRICS, SAMPLE_ORDER, sampleStatus } from "./testing/fake-facade.ts";
import { RawConnection } from "./testing/raw-request.ts";

failOnLeaks();

const directory = directoryForEachTest("api");
let facade: FakeFacade;
let server: ApiServer | undefined;
let faults: unknown[];
let socketPath: string;

function start(options: Partial<ApiServerOptions> = {}): ApiServer {
  const started = startApiServer({ facade, socketPath, onFault: (error) => faults.push(error), ...options });
  if (!started.ok) throw started.error;
  server = started.value;
  return started.value;
}

beforeEach(() => {
  facade = new FakeFacade();
  faults = [];
  socketPath = directory().file("muster.sock");
});

afterEach(async () => {
  await server?.close(0);
  server = undefined;
});

/** Answers of one request, through Bun's own client. */
async function ask(
  method: string,
  path: string,
  body?: string,
): Promise<{ status: number; json: unknown; headers: Headers }> {
  const response = await fetch(`http://muster${path}`, {
    method,
    unix: socketPath,
    keepalive: false,
    ...(body !== undefined && { body }),
  });
  return { status: response.status, json: await response.json(), headers: response.headers };
}

function errorOf(answer: { json: unknown }): { code: string; message: string; data: Record<string, unknown> } {
  return (answer.json as { error: { code: string; message: string; data: Record<string, unknown> } }).error;
}

describe("the socket", () => {
  test("is for its owner alone", () => {
    const mask = process.umask();
    start();
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(mask);
  });

  test("gets the mode and group that were asked for", () => {
    start({ mode: 0o660, gid: process.getgid?.() ?? 0 });
    expect(statSync(socketPath).mode & 0o777).toBe(0o660);
  });

  test("changes its mode while it is there", () => {
    start().permit({ mode: 0o666 });
    expect(statSync(socketPath).mode & 0o777).toBe(0o666);
  });

  test("comes back when it was removed by hand, and a stream that was open goes on", async () => {
    const own = start({ mode: 0o640 });
    expect(own.restoreSocket()).toBe(false);
    const stream = await fetch("http://muster/v1/status/stream", { unix: socketPath, keepalive: false });
    const reader = stream.body?.getReader();
    await reader?.read();
    rmSync(socketPath);
    expect(own.restoreSocket()).toBe(true);
    expect(own.restoreSocket()).toBe(false);
    expect(statSync(socketPath).mode & 0o777).toBe(0o640);
    expect((await ask("GET", "/v1/daemon")).status).toBe(200);
    expect(own.openStreams).toBe(1);
    await own.close();
    expect((await reader?.read())?.done).toBeDefined();
    expect(existsSync(socketPath)).toBe(false);
  });

  test("takes the place of a stale one", async () => {
    writeFileSync(socketPath, "");
    start();
    expect((await ask("GET", "/v1/daemon")).status).toBe(200);
  });

  test("that cannot be made is an error that names it", () => {
    mkdirSync(socketPath);
    for (const path of [socketPath, directory().file("no", "such"), `/tmp/${"x".repeat(200)}`]) {
      const started = startApiServer({ facade, socketPath: path, onFault: () => {} });
      if (started.ok) throw new Error("it listens");
      expect(started.error.code).toBe("socket-unusable");
      expect(started.error.message).toContain(path);
    }
  });
});

describe("what is refused", () => {
  test("an unknown path", async () => {
    start();
    const answer = await ask("GET", "/v1/nothing?x=1");
    expect(answer.status).toBe(404);
    expect(errorOf(answer)).toMatchObject({ code: "route-unknown", data: { method: "GET", path: "/v1/nothing" } });
  });

  test("a wrong method, with those that are right", async () => {
    start();
    const answer = await ask("DELETE", "/v1/status");
    expect(answer.status).toBe(405);
    expect(errorOf(answer)).toMatchObject({ code: "method-not-allowed", data: { allowed: ["GET"] } });
    expect(answer.headers.get("allow")).toBe("GET");
  });

  const bodies: readonly (readonly [path: string, body: string, says: string])[] = [
    ["/v1/orders", "{", "is not JSON"],
    ["/v1/orders", "", "is empty"],
    ["/v1/orders", "null", "expected an object"],
    ["/v1/orders", '{"order":"stop","targets":[1]}', '"targets[0]" expected a string'],
    ["/v1/orders", '{"order":"stop","targets":[]}', '"targets" expected at least 1'],
    ["/v1/orders", '{"order":"fly","targets":["web"]}', '"order" expected one of start'],
    ["/v1/orders", '{"order":"scale","counts":{"web":"4"}}', '"counts.web" expected a whole number'],
    ["/v1/orders", '{"order":"signal","targets":["web"]}', '"signal" is missing'],
    ["/v1/plan", '{"path":"muster.toml"}', '"path" expected an absolute path'],
    ["/v1/apply", '{"path":"/a","previous":true}', '"path" must be null'],
    ["/v1/daemon/shutdown", '{"keep":"yes"}', '"keep" expected true or false'],
  ];
  for (const [path, body, says] of bodies) {
    test(`${path} with ${body === "" ? "nothing" : body}`, async () => {
      start();
      const answer = await ask(path === "/v1/daemon/log-level" ? "PUT" : "POST", path, body);
      expect(answer.status).toBe(400);
      expect(errorOf(answer).code).toBe("request-malformed");
      expect(errorOf(answer).message).toContain(says);
      expect(facade.calls).toEqual([]);
    });
  }

  test("a body that is not UTF-8", async () => {
    start();
    const connection = new RawConnection(socketPath);
    connection.socket.write(
      Buffer.from('POST /v1/plan HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n"\xff"', "latin1"),
    );
    expect(await connection.until("error")).toContain("400");
    connection.socket.destroy();
  });

  test("a wrong query", async () => {
    start();
    const answer = await ask("GET", "/v1/events?kind=nonsense");
    expect(errorOf(answer).message).toContain('"kind[0]" expected one of');
  });

  test("what the facade refuses, under its own code and status", async () => {
    start();
    facade.refusal = codedError("service-unknown", { pattern: "wbe", nearest: "web" });
    const answer = await ask("POST", "/v1/orders", '{"order":"stop","targets":["wbe"]}');
    expect(answer.status).toBe(404);
    expect(errorOf(answer)).toMatchObject({ code: "service-unknown", data: { pattern: "wbe", nearest: "web" } });
  });

  test("a fault in the daemon is told and reported, and the next request is answered", async () => {
    start();
    facade.currentStatus = new Error("no such row");
    const answer = await ask("GET", "/v1/status");
    expect(answer.status).toBe(500);
    expect(errorOf(answer)).toMatchObject({ code: "internal-fault", data: { reason: "no such row" } });
    expect(faults).toHaveLength(1);
    facade.currentStatus = sampleStatus();
    expect((await ask("GET", "/v1/status")).status).toBe(200);
  });

  test("one stream too many", async () => {
    start({ mostStreams: 1 });
    const first = new RawConnection(socketPath);
    first.send("GET /v1/status/stream HTTP/1.1\r\nhost: x\r\n\r\n");
    await first.until(": muster");
    const answer = await ask("GET", "/v1/status/stream");
    expect(answer.status).toBe(503);
    expect(errorOf(answer)).toMatchObject({ code: "too-many-streams", data: { open: 1 } });
    first.socket.destroy();
  });
});

describe("a body that is too large", () => {
  const head = (extra: string): string => `POST /v1/orders HTTP/1.1\r\nhost: x\r\n${extra}\r\n\r\n`;

  test("is refused by its length before a byte of it came", async () => {
    start();
    const connection = new RawConnection(socketPath);
    connection.send(head("content-length: 100000000"));
    const answer = await connection.until('"request-too-large"');
    expect(answer).toStartWith("HTTP/1.1 413");
    connection.socket.destroy();
  });

  test("is never held: 100 MB, sent with and without its length", async () => {
    start();
    for (const extra of ["content-length: 100000000", "transfer-encoding: chunked"]) {
      const beforeBytes = process.memoryUsage().rss;
      const connection = new RawConnection(socketPath);
      connection.send(head(extra));
      const chunk = Buffer.alloc(100_000, 0x61);
      for (let sent = 0; sent < 100_000_000 && !connection.closed; sent += chunk.length) {
        if (extra.startsWith("transfer")) connection.send("186a0\r\n");
        connection.socket.write(chunk);
        if (extra.startsWith("transfer")) connection.send("\r\n");
        await new Promise(setImmediate);
      }
      await connection.untilClosed();
      expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(30_000_000);
    }
    expect((await ask("GET", "/v1/daemon")).status).toBe(200);
    expect(facade.calls).toEqual([]);
  });

  test("just at the limit is taken", async () => {
    start({ bodyLimit: { bytes: 40 } });
    const body = '{"order":"stop","targets":["web"]}';
    expect((await ask("POST", "/v1/orders", body.padEnd(40))).status).toBe(200);
    expect((await ask("POST", "/v1/orders", body.padEnd(41))).status).toBe(413);
  });

  test("one that does not come is waited for only so long", async () => {
    start({ bodyLimit: { ms: 20 } });
    const connection = new RawConnection(socketPath);
    connection.send(`${head("content-length: 100")}{`);
    expect(await connection.until("did not come within 20ms")).toStartWith("HTTP/1.1 400");
    connection.socket.destroy();
  });
});

describe("metrics", () => {
  test("are text as it was made, with the type that scrapers know", async () => {
    start();
    const response = await fetch("http://muster/metrics", { unix: socketPath, keepalive: false });
    expect(response.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(await response.text()).toBe(SAMPLE_METRICS);
  });
});

describe("streams over the socket", () => {
  test("a client that goes away ends its iterator at once; a hundred leave nothing", async () => {
    const api = start();
    for (let round = 0; round < 10; round++) {
      const connections = Array.from({ length: 10 }, () => new RawConnection(socketPath));
      for (const connection of connections) connection.send("GET /v1/events/stream HTTP/1.1\r\nhost: x\r\n\r\n");
      for (const connection of connections) await connection.until(": muster");
      expect(api.openStreams).toBe(10);
      for (const connection of connections) connection.socket.destroy();
      await waitFor("all streams to be over", () => api.openStreams === 0 && facade.newEvents.open === 0);
    }
  });

  test("a reader that stops is cut off, our memory stays, the others are not disturbed", async () => {
    const ends: string[] = [];
    const api = start({ onStreamEnd: (_, end) => ends.push(end) });
    const stuck = new RawConnection(socketPath);
    const reading = new RawConnection(socketPath);
    for (const connection of [stuck, reading]) connection.send("GET /v1/events/stream HTTP/1.1\r\nhost: x\r\n\r\n");
    for (const connection of [stuck, reading]) await connection.until(": muster");
    stuck.socket.pause();
    const beforeBytes = process.memoryUsage().rss;
    const event = { ...SAMPLE_EVENT, message: "x".repeat(10_000) };
    let bytesRead = 0;
    for (let sent = 0; sent < 3_000; sent++) {
      facade.newEvents.push([{ ...event, id: `e${sent}.` }]);
      if (sent % 10 !== 9) continue;
      await reading.until(`id: e${sent}.`);
      bytesRead += reading.text.length;
      reading.text = "";
    }
    expect(ends).toEqual(["cut-off"]);
    expect(api.openStreams).toBe(1);
    expect(bytesRead).toBeGreaterThan(30_000_000);
    expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(40_000_000);
    stuck.socket.resume();
    const seen = await stuck.untilClosed();
    expect(seen.length).toBeLessThan(2_000_000);
    expect(seen).not.toContain("event: end");
    reading.socket.destroy();
  });

  test("a reader that takes nothing for the limit of time is cut off", async () => {
    const ends: string[] = [];
    start({ onStreamEnd: (_, end) => ends.push(end), streamLimits: { unreadLimitMs: 50 } });
    const stuck = new RawConnection(socketPath);
    stuck.send("GET /v1/status/stream HTTP/1.1\r\nhost: x\r\n\r\n");
    await stuck.until(": muster");
    stuck.socket.pause();
    facade.statuses.push(sampleStatus(3_000), sampleStatus(3_000));
    await waitFor("the cut", () => ends.length > 0);
    expect(ends).toEqual(["cut-off"]);
    await waitFor("the iterator to end", () => facade.statuses.open === 0);
    stuck.socket.destroy();
  });

  test("a large answer that nobody takes is not held for ever", async () => {
    const ends: string[] = [];
    start({ onStreamEnd: (_, end) => ends.push(end), streamLimits: { unreadLimitMs: 50 } });
    facade.currentStatus = sampleStatus(5_000);
    const stuck = new RawConnection(socketPath);
    stuck.socket.pause();
    stuck.send("GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n");
    const other = await ask("GET", "/v1/status");
    expect(other.json).toEqual(JSON.parse(JSON.stringify(facade.currentStatus)));
    await waitFor("the cut", () => ends.includes("cut-off"));
    stuck.socket.resume();
    expect((await stuck.untilClosed()).length).toBeLessThan(1_000_000);
  });

  test("beats", async () => {
    start({ streamLimits: { heartbeatMs: 10 } });
    const connection = new RawConnection(socketPath);
    connection.send("GET /v1/orders/order-1/stream HTTP/1.1\r\nhost: x\r\n\r\n");
    expect(await connection.until(": still here")).toContain("text/event-stream");
    connection.socket.destroy();
  });
});

describe("closing", () => {
  test("ends streams in order, takes no more, and removes the socket", async () => {
    const api = start();
    const connection = new RawConnection(socketPath);
    connection.send("GET /v1/orders/order-1/stream HTTP/1.1\r\nhost: x\r\n\r\n");
    facade.orders.push({ ...SAMPLE_ORDER, ended: true });
    await connection.until('"ended":true');
    await api.close();
    const text = await connection.untilClosed();
    expect(text).toContain('event: error\ndata: {"error":{"code":"daemon-ending"');
    expect(text).not.toContain("event: end");
    expect(facade.orders.open).toBe(0);
    expect(existsSync(socketPath)).toBe(false);
    expect(ask("GET", "/v1/daemon")).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("lets an answer that is being made be given", async () => {
    const api = start();
    let finish: () => void = () => {};
    const asked = new Promise<void>((tell) => {
      facade.status = () =>
        new Promise((resolve) => {
          finish = () => resolve(sampleStatus());
          tell();
        });
    });
    const answer = ask("GET", "/v1/status");
    await asked;
    const closed = api.close();
    finish();
    expect((await answer).status).toBe(200);
    await closed;
  });

  test("waits for nobody longer than its grace", async () => {
    const api = start();
    const stuck = new RawConnection(socketPath);
    stuck.send("GET /v1/status/stream HTTP/1.1\r\nhost: x\r\n\r\n");
    await stuck.until(": muster");
    stuck.socket.pause();
    facade.statuses.push(sampleStatus(5_000));
    await waitFor("the status to be taken", () => facade.statuses.taken === 1);
    const beginMs = performance.now();
    await api.close(50);
    expect(performance.now() - beginMs).toBeLessThan(1_000);
    stuck.socket.destroy();
  });

  test("twice is once", async () => {
    const api = start();
    await Promise.all([api.close(), api.close()]);
    await api.close();
  });
});
