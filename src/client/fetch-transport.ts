import type { Transport } from "./transport.ts";

/**
 * Through Bun's `fetch`: the first answer is there 1 ms after the start of the program, where loading `node:http` takes
 * 7 ms. A connection a request (0.05 ms), so that one that a daemon of before left behind is never met.
 */
export function fetchTransport(socketPath: string): Transport {
  return async ({ method, path, headers, body, signal }) => {
    const options = {
      method,
      headers,
      signal,
      unix: socketPath,
      keepalive: false,
      ...(body !== undefined && { body }),
    };
    const response = await fetch(`http://muster${path}`, options);
    return {
      status: response.status,
      text: () => response.text(),
      chunks: () => readChunks(response.body),
    };
  };
}

async function* readChunks(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array, void, undefined> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
