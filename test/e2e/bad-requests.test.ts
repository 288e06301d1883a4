/** Requests and command lines that nobody should make: each has a clear answer, and supervision goes on. */
import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { join } from "node:path";
import { memoryKb } from "../support/memory.ts";
import { Product } from "../support/product.ts";
import { manyServices, STEADY } from "../support/services.ts";

/** Sends bytes to the control socket and gives all that comes back until it is closed. */
function exchange(product: Product, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(join(product.runDirectory, "muster.sock"));
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    for (const part of parts) socket.write(part);
    socket.end();
  });
}

async function post(
  product: Product,
  path: string,
  body: string | Uint8Array | ReadableStream<Uint8Array>,
): Promise<{ status: number; code: string }> {
  const response = await fetch(`http://muster${path}`, {
    method: "POST",
    unix: join(product.runDirectory, "muster.sock"),
    keepalive: false,
    body,
  });
  const json = (await response.json()) as { error?: { code: string } };
  return { status: response.status, code: json.error?.code ?? "" };
}

describe("orders", () => {
  test("for a name that nobody has: code 2, and the name that was perhaps meant", async () => {
    await using product = new Product("bad", { web: STEADY });
    await product.up();
    for (const words of [
      ["start", "wbe"],
      ["logs", "wbe"],
      ["why", "wbe"],
      ["status", "wbe"],
      ["scale", "wbe=2"],
    ]) {
      const { code, stderr } = await product.cli(words);
      expect([words, code, stderr]).toEqual([
        words,
        2,
        expect.stringMatching(/cannot find service "wbe": .*did you mean "web"\?/),
      ]);
    }
    for (const target of ["web:9", "@nobody", "web:*:1", "../web"]) {
      expect([target, (await product.cli(["stop", target])).code]).toEqual([target, 2]);
    }
  });

  test("that the state does not allow: code 1, the state and what may be done", async () => {
    await using product = new Product("bad", { web: { ...STEADY, autostart: false } });
    await product.up();
    for (const words of [
      ["reload", "web"],
      ["signal", "USR1", "web"],
    ]) {
      const { code, stderr } = await product.cli(words);
      expect([words, code, stderr]).toEqual([
        words,
        1,
        expect.stringMatching(/^muster: cannot \w+.* web:1: it is stopped; .+/),
      ]);
    }
  });

  test("that make no sense: code 2 before anything is done", async () => {
    await using product = new Product("bad", { web: STEADY });
    await product.up();
    const lines = [
      ["start"],
      ["signal", "NOSUCH", "web"],
      ["scale", "web"],
      ["scale", "web=-1"],
      ["scale", "web=x"],
      ["logs", "-n", "x"],
      ["logs", "--since", "yesterdayish"],
      ["events", "--kind", "instance.redy"],
      ["frobnicate"],
      ["status", "--frob"],
      ["log-level", "loud"],
    ];
    for (const words of lines) {
      const { code, stderr } = await product.cli(words);
      expect([words, code]).toEqual([words, 2]);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
    expect((await product.cli(["logs", "--grep", "("])).stderr).toContain("is not a regular expression");
    expect((await product.cli(["scale", "web=100000"])).code).toBe(2);
    expect((await product.service("web")).instances.length).toBe(1);
  });
});

describe("malformed requests", () => {
  test("each get an answer that says what is wrong", async () => {
    await using product = new Product("bad", { web: STEADY });
    await product.up();
    expect(await post(product, "/v1/orders", "{")).toEqual({ status: 400, code: "request-malformed" });
    expect(await post(product, "/v1/orders", "")).toEqual({ status: 400, code: "request-malformed" });
    expect(await post(product, "/v1/orders", new Uint8Array([0xff, 0xfe]))).toEqual({
      status: 400,
      code: "request-malformed",
    });
    expect(await post(product, "/v1/orders", '{"order":"start","targets":[7]}')).toEqual({
      status: 400,
      code: "request-malformed",
    });
    expect(await post(product, "/v1/orders", '{"order":"start","targets":["web"],"extra":1}')).toEqual({
      status: 400,
      code: "request-malformed",
    });
    expect(await post(product, "/v1/nothing", "{}")).toEqual({ status: 404, code: "route-unknown" });
    expect(await post(product, "/v1/status", "{}")).toEqual({ status: 405, code: "method-not-allowed" });
    expect(await post(product, "/v1/apply", '{"path":"relative.toml","previous":false}')).toEqual({
      status: 400,
      code: "request-malformed",
    });
    expect(await exchange(product, "nonsense\r\n\r\n")).toMatch(/^(HTTP\/1\.1 400|$)/);
    expect(await exchange(product, new Uint8Array(100_000))).toMatch(/^(HTTP\/1\.1 4\d\d|$)/);
    await product.untilReady("web");
  });

  test("a body of 100 MB is refused before it is read, whether it says its length or not", async () => {
    await using product = new Product("bad", { web: STEADY });
    const daemon = await product.up();
    await product.untilReady("web");
    const memory = () => memoryKb(daemon.pid);
    const before = memory();
    const length = 100_000_000;
    const head = `POST /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`;
    const told = await exchange(product, head, new Uint8Array(65_536)).catch((fault: Error) => fault.message);
    expect(told).toMatch(/^HTTP\/1\.1 413|EPIPE|ECONNRESET/);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        if (sent > length) controller.close();
        else controller.enqueue(new Uint8Array(65_536).fill(32));
      },
    });
    const answer = await post(product, "/v1/orders", endless).catch((fault: Error) => ({
      status: 0,
      code: fault.message,
    }));
    expect([413, 0]).toContain(answer.status);
    expect(memory() - before).toBeLessThan(60_000);
    expect((await product.cli(["status"])).code).toBe(0);
  });
});

describe("a file with many services", () => {
  test("is applied as a whole; only what is to start starts, and what ran is not touched", async () => {
    const count = 400;
    await using product = new Product("bad", { first: STEADY });
    await product.up();
    const { pid } = await product.untilReady("first");
    product.configure({ first: STEADY, ...manyServices(count, 3) });
    expect((await product.client.plan(null)).changes.filter((change) => change.kind === "new").length).toBe(count);
    await product.apply();
    await product.untilReady("first", "s0", "s2");
    expect((await product.instance("first")).pid).toBe(pid);
    expect((await product.instance("s3")).state).toBe("stopped");
    expect((await product.client.status()).services.length).toBe(count + 1);
    expect((await product.cli(["status"])).code).toBe(0);
  });
});
