import { entry, suggestion } from "./entry.ts";

export const SERVICE_ERRORS = {
  "service-unknown": entry(
    404,
    2,
    (d: { pattern: string; nearest?: string | undefined }) =>
      `cannot find service "${d.pattern}": no service, instance or group has that name${suggestion(d.nearest) || '; "muster status" lists them'}`,
  ),
  "order-refused": entry(
    409,
    1,
    (d: { order: string; subject: string; state: string; next: string }) =>
      `cannot ${d.order} ${d.subject}: it is ${d.state}; ${d.next}`,
  ),
  "scale-not-possible": entry(
    400,
    2,
    (d: { service: string; reason: string; next: string }) => `cannot scale ${d.service}: ${d.reason}; ${d.next}`,
  ),
  "signal-unknown": entry(
    400,
    2,
    (d: { signal: string; nearest?: string | undefined }) =>
      `cannot send signal "${d.signal}": there is no such signal${suggestion(d.nearest)}`,
  ),
  "user-unknown": entry(
    422,
    1,
    (d: { service: string; user: string }) =>
      `cannot start ${d.service}: there is no user or group "${d.user}" on this host; create it or change the service's "user"`,
  ),
  "user-not-permitted": entry(
    422,
    1,
    (d: { service: string; user: string }) =>
      `cannot start ${d.service} as "${d.user}": only root may change the user; run muster as root or remove "user"`,
  ),
  "user-unanswered": entry(
    503,
    1,
    (d: { service: string; user: string }) =>
      `cannot start ${d.service}: this host's directory service did not say in time who "${d.user}" is; see that "getent passwd ${d.user}" answers, then start it again`,
  ),
  "event-socket-unreachable": entry(
    422,
    1,
    (d: { service: string; user: string; directory: string }) =>
      `cannot start ${d.service}: it is to say when it is ready, and its user "${d.user}" cannot reach its event socket: ${d.directory} is closed to others; choose another run directory, or open that one (chmod o+x)`,
  ),
  "tool-missing": entry(
    422,
    1,
    (d: { service: string; tool: string; key: string }) =>
      `cannot start ${d.service}: its "${d.key}" needs the program "${d.tool}", which is not on this host; install it (util-linux has it) or remove "${d.key}"`,
  ),
  "environment-file-unreadable": entry(
    422,
    1,
    (d: { service: string; path: string; reason: string }) =>
      `cannot start ${d.service}: its environment file ${d.path} cannot be read: ${d.reason}; mend the file, then start it again`,
  ),
} as const;
