import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { SaidSender } from "../said-record.ts";

export interface Said {
  readonly pid?: number;
  readonly uid?: number;
  readonly sender?: SaidSender;
  readonly wallMs?: number;
  readonly monotonicMs?: number;
  readonly cut?: boolean;
}

/** A record as the shim writes it (docs/shim.md). */
export function saidBytes(body: string | Uint8Array, said: Said = {}): Buffer {
  const bytes = Buffer.from(body);
  const { pid = 10, uid = 1_000, sender = "main", wallMs = 1_700_000_000_000, monotonicMs = 1_000 } = said;
  const header = `said ${bytes.length} ${pid} ${uid} ${sender} ${wallMs} ${monotonicMs}${said.cut ? " cut" : ""}\n`;
  return Buffer.concat([Buffer.from(header), bytes, Buffer.from("\n")]);
}

/** Appends to the segment `said.<segment>` of a generation directory, as the shim does. */
export function appendSaid(directory: string, segment: number, ...parts: readonly (string | Uint8Array)[]): void {
  appendFileSync(join(directory, `said.${segment}`), Buffer.concat(parts.map((part) => Buffer.from(part))));
}
