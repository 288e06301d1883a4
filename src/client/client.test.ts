import { describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { failOnLeaks } from "../../test/support/leak-check.ts";
import { directoryForEachTest } from "../../test/support/temporary-directory.ts";
import { MusterClient } from "./client.ts";
import { connectionError } from "./client-errors.ts";
import { fetchTransport } from "./fetch-transport.ts";
import { nodeTransport } from "./node-transport.ts";

failOnLeaks();

const directory = directoryForEachTest("client");

/** A server that does to each connection what a test says, once its first bytes came. */
async function misbehaving(socketPath: string, behave: (socket: Socket) => void): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => behave(socket));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

for (const [name, transportFor] of [
  ["fetch", fetchTransport],
  ["node:http", nodeTransport],
] as const) {
  describe(`through ${name}`, () => {
    const clientFor = (socketPath: string, timeoutMs = 5_000): MusterClient =>
      new MusterClient({ socketPath, timeoutMs, transport: transportFor(socketPath) });

    test("nobody there, or only the file of one who was", async () => {
      const missing = directory().file("muster.sock");
      await expect(clientFor(missing).status()).rejects.toMatchObject({ code: "no-daemon", data: { socket: missing } });
      const noDirectory = directory().file("no", "muster.sock");
      await expect(clientFor(noDirectory).status()).rejects.toMatchObject({ code: "no-daemon" });
      await Bun.write(missing, "");
      await expect(clientFor(missing).status()).rejects.toMatchObject({ code: "no-daemon" });
      const stream = clientFor(missing).followStatus()[Symbol.asyncIterator]();
      await expect(stream.next()).rejects.toMatchObject({ code: "no-daemon" });
    });

    test("a path that is too long for a socket", async () => {
      await expect(clientFor(`/tmp/${"x".repeat(200)}`).status()).rejects.toMatchObject({ code: "no-daemon" });
    });

    test("a daemon that takes the call and says nothing", async () => {
      const path = directory().file("s");
      await using _ = await misbehaving(path, () => {});
      await expect(clientFor(path, 30).status()).rejects.toMatchObject({
        code: "daemon-silent",
        data: { waitedMs: 30 },
      });
      const stream = clientFor(path, 30).followStatus()[Symbol.asyncIterator]();
      await expect(stream.next()).rejects.toMatchObject({ code: "daemon-silent" });
    });

    test("a connection that ends before or within the answer", async () => {
      for (const said of ["", `${HEAD}content-length: 100\r\n\r\n{"host"`]) {
        const path = directory().file(`s${said.length}`);
        await using _ = await misbehaving(path, (socket) => socket.end(said));
        await expect(clientFor(path).status()).rejects.toMatchObject({ code: "connection-lost" });
      }
    });

    test("something else than a daemon", async () => {
      const answers = [
        `${HEAD}content-length: 5\r\n\r\nhello`,
        "HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 6\r\n\r\n<html>",
      ];
      for (const [index, said] of answers.entries()) {
        const path = directory().file(`s${index}`);
        await using _ = await misbehaving(path, (socket) => socket.end(said));
        await expect(clientFor(path).status()).rejects.toMatchObject({ code: "answer-unreadable" });
      }
    });

    test("an error of a newer daemon keeps its code and message", async () => {
      const body = '{"error":{"code":"too-new","message":"cannot do it: it is new; wait","data":{"a":1}}}';
      const path = directory().file("s");
      await using _ = await misbehaving(path, (socket) =>
        socket.end(`HTTP/1.1 409 Conflict\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
      );
      await expect(clientFor(path).status()).rejects.toMatchObject({
        code: "too-new",
        message: "cannot do it: it is new; wait",
        data: { a: 1 },
      });
    });

    test("a stream that stops before its end", async () => {
      const event = 'event: order\ndata: {"id":"1"}\n\n';
      const chunk = `${event.length.toString(16)}\r\n${event}\r\n`;
      for (const ending of ["", "0\r\n\r\n"]) {
        const path = directory().file(`s${ending.length}`);
        let stop: () => void = () => {};
        await using _ = await misbehaving(path, (socket) => {
          socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`);
          stop = () => socket.end(ending);
        });
        const seen: string[] = [];
        const follow = async (): Promise<void> => {
          for await (const order of clientFor(path).followOrder("1")) {
            seen.push(order.id);
            stop();
          }
        };
        await expect(follow()).rejects.toMatchObject({ code: "connection-lost" });
        expect(seen).toEqual(["1"]);
      }
    });
  });
}

describe("errors of the system", () => {
  test("a socket that this user may not use", () => {
    const error = connectionError(Object.assign(new Error("no"), { code: "EACCES" }), "/run/muster/muster.sock");
    expect(error.code).toBe("socket-not-permitted");
    expect(error.message).toContain("/run/muster/muster.sock");
  });

  test("a code may lie in the cause", () => {
    const error = new Error("fetch failed", { cause: Object.assign(new Error("no"), { code: "ECONNREFUSED" }) });
    expect(connectionError(error, "/s").code).toBe("no-daemon");
  });

  test("anything else is a lost connection, with what was said", () => {
    expect(connectionError(new Error("odd"), "/s").message).toContain("odd");
  });
});
