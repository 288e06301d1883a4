import { signalName } from "../../model/signal.ts";
import type { ExitRecord } from "../../platform/shim/records.ts";
import type { Exit } from "../instance-state.ts";

/** The first realtime signal that programs may use under musl and glibc alike, as the kernel counts. */
const FIRST_REALTIME_SIGNAL = 32;

export function toExit(record: ExitRecord): Exit {
  if (record.kind === "code") return { kind: "code", code: record.code };
  if (record.kind === "unknown") return { kind: "unknown" };
  const signal = signalName(record.signal) ?? `RTMIN+${record.signal - FIRST_REALTIME_SIGNAL}`;
  return { kind: "signal", signal, coreDumped: record.coreDumped };
}
