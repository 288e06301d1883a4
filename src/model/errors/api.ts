import { entry } from "./entry.ts";

export const API_ERRORS = {
  "request-malformed": entry(
    400,
    2,
    (d: { reason: string; field?: string | undefined }) =>
      `cannot read the request: ${d.reason}; GET /v1/openapi.json says what is taken`,
  ),
  "request-too-large": entry(
    413,
    2,
    (d: { limitBytes: number }) =>
      `cannot take the request: its body is larger than ${d.limitBytes} bytes; send less at once`,
  ),
  "route-unknown": entry(
    404,
    2,
    (d: { method: string; path: string }) =>
      `cannot answer ${d.method} ${d.path}: there is no such route; GET /v1/openapi.json lists them`,
  ),
  "method-not-allowed": entry(
    405,
    2,
    (d: { method: string; path: string; allowed: readonly string[] }) =>
      `cannot answer ${d.method} ${d.path}: this route takes ${d.allowed.join(", ")}; GET /v1/openapi.json lists them`,
  ),
  "order-unknown": entry(
    404,
    1,
    (d: { id: string }) =>
      `cannot find the order ${d.id}: the daemon knows none with that id, or it ended long ago; "muster events" has its record`,
  ),
  "access-denied": entry(
    403,
    1,
    (d: { needed: string }) => `cannot do that: it needs the access "${d.needed}"; ask an administrator`,
  ),
  "internal-fault": entry(
    500,
    1,
    (d: { reason: string }) =>
      `cannot answer: a fault in muster (${d.reason}); services are not affected, the daemon's log has the details`,
  ),
  "too-many-streams": entry(
    503,
    1,
    (d: { open: number }) =>
      `cannot open another stream: ${d.open} are open already; close some of them, then try again`,
  ),
  "events-gap": entry(
    503,
    1,
    (d: { most: number }) =>
      `cannot give every event: more than ${d.most} came at once; follow anew, "muster events --since" shows what came between`,
  ),
  "daemon-ending": entry(
    503,
    4,
    (_: Readonly<Record<string, never>>) =>
      "cannot go on with the stream: the daemon ends; ask again when the next one answers",
  ),
  "socket-unusable": entry(
    500,
    1,
    (d: { socket: string; reason: string }) =>
      `cannot listen on ${d.socket}: ${d.reason}; choose another directory with --run-dir`,
  ),
  /* The rest is what the client itself finds. */
  "socket-not-permitted": entry(
    403,
    1,
    (d: { socket: string }) =>
      `cannot reach the muster daemon: this user may not use ${d.socket}; run the command as the daemon's user or as root, or give the socket a group in the configuration`,
  ),
  "daemon-silent": entry(
    504,
    4,
    (d: { socket: string; waitedMs: number }) =>
      `cannot get an answer from the muster daemon on ${d.socket}: nothing came for ${d.waitedMs}ms; an order may have been taken all the same, "muster status" shows it`,
  ),
  "connection-lost": entry(
    503,
    1,
    (d: { reason: string }) =>
      `cannot get the rest of the daemon's answer: ${d.reason}; the daemon ended, or it cut off a reader that took nothing for too long; orders that were accepted go on`,
  ),
  "answer-unreadable": entry(
    502,
    1,
    (d: { reason: string }) =>
      `cannot read the daemon's answer: ${d.reason}; perhaps daemon and client are of different versions, "muster --version" tells`,
  ),
} as const;
