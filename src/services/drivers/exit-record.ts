import { signalName } from "../../model/signal.ts";
import type { ExitRecord } from "../../platform/shim/records.ts";
import type { Exit } from "../instance-state.ts";

/** SIGRTMIN as `kill -l` and glibc count; the kernel's own two below it belong to the C library. */
const FIRST_REALTIME_SIGNAL = 34;

export function toExit(record: ExitRecord): Exit {
  if (record.kind === "code") return { kind: "code", code: record.code };
  if (record.kind === "unknown") return { kind: "unknown" };
  return { kind: "signal", signal: signalWord(record.signal), coreDumped: record.coreDumped };
}

function signalWord(number: number): string {
  const name = signalName(number);
  if (name !== undefined) return name;
  if (number < FIRST_REALTIME_SIGNAL) return String(number);
  return number === FIRST_REALTIME_SIGNAL ? "RTMIN" : `RTMIN+${number - FIRST_REALTIME_SIGNAL}`;
}
