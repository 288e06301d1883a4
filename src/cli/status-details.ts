import type { InstanceStatus, ServiceStatus } from "../model/status.ts";
import { type MaintenanceStyle, maintenanceLine } from "./render/maintenance.ts";
import { safeText } from "./render/safe-text.ts";

/** What the instances of one service say of themselves, in full; empty: they say nothing. */
export function statusDetails(service: ServiceStatus, nowMs: number, style: MaintenanceStyle): string {
  return service.instances.map((one) => instanceDetails(one, nowMs, style)).join("");
}

function instanceDetails(one: InstanceStatus, nowMs: number, style: MaintenanceStyle): string {
  const { maintenance, statusText } = one;
  const rows: (readonly [label: string, text: string])[] = [];
  if (maintenance !== null) rows.push(["maintenance", maintenanceLine(maintenance, nowMs, style)]);
  if (statusText !== null) rows.push(["says", safeText(statusText)]);
  rows.push(...counterRows(one.counters));
  if (rows.length === 0) return "";
  const labelCells = Math.max(...rows.map(([label]) => label.length));
  return `\n${one.name}\n${rows.map(([label, text]) => `  ${label.padEnd(labelCells)}  ${text}\n`).join("")}`;
}

function counterRows(counters: InstanceStatus["counters"]): readonly (readonly [string, string])[] {
  const names = Object.keys(counters).sort();
  const nameCells = Math.max(0, ...names.map((name) => safeText(name).length));
  return names.map((name, index) => {
    const label = index === 0 ? "counters" : "";
    return [label, `${safeText(name).padEnd(nameCells)}  ${counters[name]}`] as const;
  });
}
