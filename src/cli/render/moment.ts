import { formatDurationRough, parseDuration } from "../../base/duration.ts";
import { formatRfc3339, parseRfc3339 } from "../../base/rfc3339.ts";

/** How long ago `time` (RFC 3339) was, for people: `3h12m`; a time that is ahead of our clock reads as now. */
export function ago(time: string, nowMs: number): string {
  const wallMs = parseRfc3339(time);
  return wallMs === undefined ? "" : formatDurationRough(floorToSeconds(Math.max(0, nowMs - wallMs)));
}

/** `in 4s`, `now`: when something comes. */
export function until(time: string, nowMs: number): string {
  const wallMs = parseRfc3339(time);
  if (wallMs === undefined) return `at ${time}`;
  return wallMs <= nowMs ? "now" : `in ${formatDurationRough(Math.ceil((wallMs - nowMs) / 1_000) * 1_000)}`;
}

/** Whether `time` is still to come; what is no time is over. */
export function isAhead(time: string, nowMs: number): boolean {
  return (parseRfc3339(time) ?? Number.NEGATIVE_INFINITY) > nowMs;
}

function floorToSeconds(durationMs: number): number {
  return durationMs < 1_000 ? durationMs : Math.floor(durationMs / 1_000) * 1_000;
}

/**
 * A moment as people write it: a duration back from now (`10m`) or RFC 3339.
 * @returns RFC 3339; undefined: it is neither
 */
export function parseMoment(text: string, nowMs: number): string | undefined {
  const back = parseDuration(text);
  if (back.ok) return formatRfc3339(nowMs - back.value);
  const wallMs = parseRfc3339(text);
  return wallMs === undefined ? undefined : formatRfc3339(wallMs);
}

/**
 * The time column. On a terminal the clock alone, with the day before it when that is not today; elsewhere the whole
 * time as it came, for programs that sort and cut.
 */
export function timeColumn(time: string, nowMs: number, onTerminal: boolean): string {
  if (!onTerminal) return time;
  const clock = time.slice(11, 23);
  return time.slice(0, 10) === formatRfc3339(nowMs).slice(0, 10) ? clock : `${time.slice(0, 10)} ${clock}`;
}
