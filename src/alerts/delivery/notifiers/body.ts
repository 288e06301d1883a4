import { createHash } from "node:crypto";
import type { Notice } from "../../../model/alert.ts";

/** What programs get: one form for one notice and for several, so that who reads it needs one loop. */
export function noticesAsJson(notices: readonly Notice[]): string {
  return JSON.stringify({ notices });
}

/** The same for the same notices: the id of a single one, else made of all ids. */
export function deliveryKey(notices: readonly Notice[]): string {
  const [first] = notices;
  if (notices.length === 1 && first !== undefined && /^[\x21-\x7e]{1,200}$/.test(first.id)) return first.id;
  const ids = JSON.stringify(notices.map(({ id }) => id));
  return `batch-${createHash("sha256").update(ids).digest("hex").slice(0, 32)}`;
}
