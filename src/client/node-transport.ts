import type { IncomingMessage } from "node:http";
import type { Transport } from "./transport.ts";

/** Through `node:http`, for Node: its `fetch` cannot use a unix socket. A connection a request. */
export function nodeTransport(socketPath: string): Transport {
  return async ({ method, path, headers, body, signal }) => {
    // Not at the top: a bundler lifts such an import to its start, and under Bun the program then starts 3 ms later.
    const { request: httpRequest } = await import("node:http");
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const options = { socketPath, method, path, headers: { ...headers, ...length }, signal, agent: false as const };
    return new Promise((resolve, reject) => {
      const request = httpRequest(options, (response) => {
        resolve({ status: response.statusCode ?? 0, text: () => readText(response), chunks: () => response });
      });
      request.on("error", reject);
      request.end(body);
    });
  };
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
