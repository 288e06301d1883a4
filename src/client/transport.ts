/** One request as the client hands it to whatever moves bytes; the two makers are `fetch-transport.ts` and `node-transport.ts`. */
export interface TransportRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** with its query: `/v1/events?limit=10` */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  /** Reads all of a body that is known to be short. */
  text(): Promise<string>;
  /**
   * The body as it comes. Leaving the loop ends the connection; a body that ends before its end was sent is thrown.
   * Reads no further ahead than the consumer takes, apart from what the system and the runtime hold.
   */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Rejects with whatever the runtime gives; `client-errors.ts` makes a coded error of it. */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;
