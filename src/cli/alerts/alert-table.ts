import type { Alert } from "../../model/alert.ts";
import { SEVERITY_COLOURS } from "../event-lines.ts";
import { ago, isAhead, until } from "../render/moment.ts";
import { safeText } from "../render/safe-text.ts";
import type { Cell, Column } from "../render/table.ts";
import { shortId } from "./short-id.ts";

export const ALERT_COLUMNS: readonly Column[] = [
  { title: "ID", align: "left", dropOrder: null },
  { title: "SEVERITY", align: "left", dropOrder: 1 },
  { title: "SINCE", align: "right", dropOrder: 3 },
  { title: "SUBJECT", align: "left", dropOrder: null },
  { title: "STATE", align: "left", dropOrder: 2 },
  { title: "TIMES", align: "right", dropOrder: 5 },
  { title: "AFFECTED", align: "right", dropOrder: 4 },
  { title: "MESSAGE", align: "left", dropOrder: null },
];

/** One row an alert, in the order they came. */
export function alertRows(alerts: readonly Alert[], nowMs: number): readonly (readonly Cell[])[] {
  return alerts.map((alert) => {
    const state = stateWords(alert, nowMs);
    return [
      plain(shortId(alert.id)),
      { text: alert.severity, colour: SEVERITY_COLOURS[alert.severity] ?? null },
      plain(ago(alert.raisedAt, nowMs)),
      plain(safeText(alert.subject)),
      { text: state, colour: state === "active" ? null : "dim" },
      plain(alert.count > 1 ? String(alert.count) : ""),
      plain(alert.affected.length > 0 ? String(alert.affected.length) : ""),
      plain(safeText(alert.message)),
    ];
  });
}

/** All that is known of one alert, a line each. */
export function alertDetails(alert: Alert, nowMs: number): string {
  const { acknowledged, resolvedAt, silencedUntil } = alert;
  const since = (time: string) => `${time} (${ago(time, nowMs)} ago)`;
  const rows: (readonly [label: string, text: string | null])[] = [
    ["id", alert.id],
    ["state", stateWords(alert, nowMs)],
    ["severity", alert.severity],
    ["raised", since(alert.raisedAt)],
    ["newest", `${since(alert.lastAt)}, ${alert.count} in all`],
    ["affected", alert.affected.length === 0 ? null : alert.affected.join(", ")],
    ["silenced", silencedUntil === null ? null : `until ${silencedUntil}, ${until(silencedUntil, nowMs)}`],
    [
      "acknowledged",
      acknowledged && `by ${acknowledged.by}, ${since(acknowledged.at)}${commentText(acknowledged.comment)}`,
    ],
    ["resolved", resolvedAt && `${since(resolvedAt)}${commentText(alert.resolvedBy)}`],
    ["fingerprint", alert.fingerprint],
    ["events", alert.firstEvent === alert.lastEvent ? alert.firstEvent : `${alert.firstEvent} to ${alert.lastEvent}`],
  ];
  const known = rows.filter((row): row is readonly [string, string] => row[1] !== null);
  const lines = known.map(([label, text]) => `  ${label.padEnd(12)}  ${safeText(text)}\n`);
  return `${safeText(alert.subject)}: ${safeText(alert.message)}\n${lines.join("")}`;
}

function commentText(comment: string | null): string {
  return comment === null ? "" : `: ${comment}`;
}

function stateWords(alert: Alert, nowMs: number): string {
  const silenced = alert.state !== "resolved" && alert.silencedUntil !== null && isAhead(alert.silencedUntil, nowMs);
  return alert.state + (silenced ? ", silenced" : "");
}

function plain(text: string): Cell {
  return { text, colour: null };
}
