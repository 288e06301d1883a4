import { entry } from "./entry.ts";

export const API_ERRORS = {
  "request-malformed": entry(
    400,
    2,
    (d: { reason: string }) => `cannot read the request: ${d.reason}; see "muster api" for what is taken`,
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
} as const;
