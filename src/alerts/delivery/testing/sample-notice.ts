import { formatRfc3339 } from "../../../base/rfc3339.ts";
import type { Alert, Notice, NoticeKind } from "../../../model/alert.ts";
import type { JournalEvent } from "../../../model/event.ts";

export interface SampleWish {
  readonly kind?: NoticeKind;
  readonly alert?: Partial<Alert>;
  readonly chain?: readonly JournalEvent[];
  readonly logLines?: readonly string[];
  readonly host?: string;
}

const RAISED_MS = Date.UTC(2026, 0, 1, 12, 0, 0);
const RESOLVED_MS = RAISED_MS + 12 * 60_000;

/** A notice of the alert `a-<name>` about the service `<name>`, as the alerts room would make it. */
export function sampleNotice(name: string, wish: SampleWish = {}): Notice {
  const kind = wish.kind ?? "raised";
  const isOver = kind === "resolved";
  const raisedAt = formatRfc3339(RAISED_MS);
  const lastAt = isOver ? formatRfc3339(RESOLVED_MS) : raisedAt;
  return {
    id: `a-${name}.${kind}`,
    kind,
    host: wish.host ?? "host1",
    at: lastAt,
    alert: {
      id: `a-${name}`,
      fingerprint: `down ${name}`,
      kind: "down",
      state: isOver ? "resolved" : "active",
      severity: "error",
      subject: name,
      message: `${name} was given up after 10 restarts in 5m`,
      raisedAt,
      lastAt,
      resolvedAt: isOver ? lastAt : null,
      resolvedBy: isOver ? `${name} is ready again` : null,
      count: 1,
      affected: [],
      acknowledged: null,
      silencedUntil: null,
      firstEvent: `e-${name}-1`,
      lastEvent: `e-${name}-1`,
      ...wish.alert,
    },
    chain: wish.chain ?? [sampleEvent(name)],
    logLines: wish.logLines ?? [`${name}: out of memory`],
  };
}

export function sampleEvent(name: string, message = `${name} ended with code 1`): JournalEvent {
  const time = formatRfc3339(RAISED_MS);
  return {
    id: `e-${name}-1`,
    time,
    kind: "instance.exited",
    severity: "info",
    subject: `${name}:1`,
    message,
    cause: null,
    data: {},
  };
}
