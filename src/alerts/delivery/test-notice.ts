import { formatRfc3339 } from "../../base/rfc3339.ts";
import type { Notice } from "../../model/alert.ts";

/** What `muster alerts --test` sends: of no real alert, so that nobody looks for one. */
export function testNotice({ host, by, wallMs }: { host: string; by: string; wallMs: number }): Notice {
  const at = formatRfc3339(wallMs);
  return {
    id: `test-${Math.floor(wallMs)}`,
    kind: "test",
    host,
    at,
    alert: {
      id: "test",
      fingerprint: "test",
      kind: "supervision",
      state: "active",
      severity: "info",
      subject: "muster",
      message: `This is a test that ${by} asked for. Nothing is wrong.`,
      raisedAt: at,
      lastAt: at,
      resolvedAt: null,
      resolvedBy: null,
      count: 1,
      affected: [],
      acknowledged: null,
      silencedUntil: null,
      firstEvent: "test",
      lastEvent: "test",
    },
    chain: [],
    logLines: [],
  };
}
