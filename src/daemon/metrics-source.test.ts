import { describe, expect, test } from "bun:test";
import type { InstanceStatus, StatusReport } from "../model/status.ts";
import { MetricsSource } from "./metrics-source.ts";
import { openMetricsFaults } from "./testing/check-open-metrics.ts";

function report(pids: readonly (number | null)[], generation = 1): StatusReport {
  const instances = pids.map(
    (pid, index) => ({ name: `web:${index + 1}`, pid, generation, counters: {} }) as InstanceStatus,
  );
  return {
    host: "ada",
    daemon: { pid: 1, since: "2026-11-20T08:00:00.000+00:00", version: "1" },
    services: [{ name: "web", wanted: "up", instances } as unknown as StatusReport["services"][number]],
  };
}

function source(status: () => StatusReport | Promise<StatusReport>): MetricsSource {
  return new MetricsSource({
    clock: { wallMs: () => Date.now() },
    status: async () => await status(),
    alerts: () => [],
    noticesWaiting: () => new Map(),
    journalWaiting: () => 0,
  });
}

const startOf = (text: string, number: number) =>
  Number(
    new RegExp(`^muster_instance_start_time_seconds\\{service="web",number="${number}"\\} (.*)$`, "m").exec(text)?.[1],
  );

describe("the source of metrics", () => {
  test("knows when a program began, as the kernel does, and forgets one that is gone", async () => {
    const begunMs = performance.timeOrigin;
    let status = report([process.pid, null, 0x7fff_ffff]);
    const metrics = source(() => status);
    const text = await metrics.text();
    expect(Math.abs(startOf(text, 1) * 1_000 - begunMs)).toBeLessThan(2_000);
    expect([startOf(text, 2), startOf(text, 3)]).toEqual([Number.NaN, Number.NaN]);
    expect(startOf(await metrics.text(), 1)).toBe(startOf(text, 1));
    status = report([1], 2);
    expect(startOf(await metrics.text(), 1)).toBeLessThan(startOf(text, 1));
    status = report([null], 2);
    expect(startOf(await metrics.text(), 1)).toBeNaN();
  });

  test("counts what it is told, and has the daemon's own figures", async () => {
    const metrics = source(() => report([]));
    const event = { id: "e", time: "", severity: "error", message: "", cause: null, subject: "web:1" } as const;
    metrics.take({ ...event, kind: "instance.failed", data: {} });
    metrics.take({ ...event, kind: "log.lost", data: { outBytes: 7, errBytes: 0 } });
    const text = await metrics.text();
    expect(text).toContain('muster_events_total{kind="instance.failed",severity="error"} 1\n');
    expect(text).toContain('muster_log_lost_bytes_total{service="web",number="1",stream="out"} 7\n');
    expect(Number(/^muster_daemon_memory_bytes (.*)$/m.exec(text)?.[1])).toBeGreaterThan(1_000_000);
    expect(openMetricsFaults(text)).toEqual([]);
  });

  test("makes one text for all who ask at once, and tries anew after a failure", async () => {
    let asked = 0;
    const metrics = source(() => {
      if (++asked === 1) throw new Error("no status");
      return report([]);
    });
    await expect(metrics.text()).rejects.toThrow("no status");
    const texts = await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    expect([asked, new Set(texts).size]).toEqual([2, 1]);
  });
});
