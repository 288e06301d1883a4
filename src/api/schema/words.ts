import { type Schema, text } from "./schema.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 with its offset, on the way in and out. */
export function timeText(about = "RFC 3339 with offset"): Schema<string> {
  const isValid = (value: string): boolean => !Number.isNaN(Date.parse(value));
  return text({ pattern: TIME, isValid, what: "a time as in 2026-01-31T12:00:00.000Z", format: "date-time", about });
}

/** How a caller names services; whether there is such a one is for the daemon to say. */
export function targetText(): Schema<string> {
  return text({ maxLength: 200, about: "web, web:2, web:* or @group" });
}

/** What a person wrote: something, and not too much of it. */
export function writtenText(maxLength: number, about: string): Schema<string> {
  return text({ pattern: /\S/, what: "some text", maxLength, about });
}

export function absolutePath(about: string): Schema<string> {
  return text({ pattern: /^\/[^\0]*$/, what: "an absolute path", maxLength: 4_096, about });
}
