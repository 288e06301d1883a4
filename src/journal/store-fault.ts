/**
 * What a failure of the database means:
 * `wait`: it will pass or somebody must make room, try again; `damaged`: the file is no use any more;
 * `row`: what we wanted to store is at fault.
 */
export type StoreFault = "wait" | "damaged" | "row";

const DAMAGED = /^SQLITE_(CORRUPT|NOTADB|IOERR_(READ|SHORT_READ|CORRUPTFS|DATA)$)/;
const WAIT = /^(SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|PERM|NOMEM|PROTOCOL|NOLFS|INTERRUPT)|E[A-Z0-9]+$)/;

export function classifyFault(error: unknown): StoreFault {
  const code = faultCode(error);
  if (DAMAGED.test(code)) return "damaged";
  return WAIT.test(code) ? "wait" : "row";
}

/** A lock of another process: the connection itself is well. */
export function isLock(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(faultCode(error));
}

export function faultText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = faultCode(error);
  return code === "" ? message : `${message} (${code})`;
}

function faultCode(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return String(error.code);
}
