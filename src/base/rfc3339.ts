/**
 * RFC 3339 with milliseconds and the offset of the local time zone at that moment: `2026-11-20T05:34:07.120+01:00`.
 * @param wallMs milliseconds since the epoch; what no calendar can show (NaN, infinite) throws a RangeError
 */
export function formatRfc3339(wallMs: number): string {
  const moment = new Date(wallMs);
  // Zones of long ago have offsets with seconds, which RFC 3339 cannot say: rounded, and the local time by the rounded offset.
  const offsetMinutes = -Math.round(moment.getTimezoneOffset());
  const local = new Date(wallMs + offsetMinutes * 60_000).toISOString().slice(0, -1);
  return local + formatOffset(offsetMinutes);
}

/** The moment that an RFC 3339 text with an offset names, in milliseconds since the epoch; undefined when it is none. */
export function parseRfc3339(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const wallMs = Date.parse(text);
  return Number.isNaN(wallMs) ? undefined : wallMs;
}

function formatOffset(offsetMinutes: number): string {
  const size = Math.abs(offsetMinutes);
  const hours = String(Math.floor(size / 60)).padStart(2, "0");
  const minutes = String(size % 60).padStart(2, "0");
  return `${offsetMinutes < 0 ? "-" : "+"}${hours}:${minutes}`;
}
