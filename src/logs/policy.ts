import type { LogPolicy } from "../model/service.ts";

/** A rotated file, as the decisions see it. */
export interface RotatedFile {
  readonly path: string;
  readonly service: string;
  /** `web.1.out.log`: the stream it belongs to */
  readonly stream: string;
  /** stamps of one stream sort by time; those of several too */
  readonly stamp: string;
  readonly packed: boolean;
  /** with its index */
  readonly sizeBytes: number;
  /** not all of it was copied to the daemon's standard output yet */
  readonly held: boolean;
}

export type KeepRules = Pick<LogPolicy, "keep" | "compress" | "totalBytes">;

export interface Removal {
  readonly file: RotatedFile;
  readonly reason: "keep" | "service-total" | "host-total";
}

export interface KeepingFacts {
  readonly rotated: readonly RotatedFile[];
  /** what the current files take, by service */
  readonly currentBytes: ReadonlyMap<string, number>;
  /** by service; one that is not in the configuration any more keeps its files, but for the limit of the host */
  readonly rules: ReadonlyMap<string, KeepRules>;
  /** 0: no limit */
  readonly hostTotalBytes: number;
}

export interface KeepingPlan {
  readonly remove: readonly Removal[];
  readonly pack: readonly RotatedFile[];
}

/**
 * What to remove and what to pack (also what is beyond a limit of size: packed it may fit). Oldest first, and never a current file: where these alone exceed a limit nothing is
 * left to remove. What is still to be copied to standard output is spared by the count, not by the limits of size.
 */
export function planKeeping(facts: KeepingFacts): KeepingPlan {
  const remove = new Map<RotatedFile, Removal>();
  const oldestFirst = [...facts.rotated].sort((a, b) => (a.stamp < b.stamp ? -1 : 1));
  const left = () => oldestFirst.filter((file) => !remove.has(file));
  for (const file of beyondCount(oldestFirst, facts.rules)) remove.set(file, { file, reason: "keep" });
  for (const [service, rules] of facts.rules) {
    const own = left().filter((file) => file.service === service);
    for (const file of beyondTotal(own, facts.currentBytes.get(service) ?? 0, rules.totalBytes)) {
      remove.set(file, { file, reason: "service-total" });
    }
  }
  const current = [...facts.currentBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  for (const file of beyondTotal(left(), current, facts.hostTotalBytes))
    remove.set(file, { file, reason: "host-total" });
  const pack = oldestFirst
    .filter((file) => remove.get(file)?.reason !== "keep")
    .filter((file) => !file.packed && !file.held && facts.rules.get(file.service)?.compress === true);
  return { remove: [...remove.values()], pack };
}

function beyondCount(oldestFirst: readonly RotatedFile[], rules: ReadonlyMap<string, KeepRules>): RotatedFile[] {
  const seen = new Map<string, number>();
  const beyond = [...oldestFirst].reverse().filter((file) => {
    const count = (seen.get(file.stream) ?? 0) + 1;
    seen.set(file.stream, count);
    const keep = rules.get(file.service)?.keep;
    return keep !== undefined && count > keep && !file.held;
  });
  return beyond.reverse();
}

function beyondTotal(oldestFirst: readonly RotatedFile[], currentBytes: number, limitBytes: number): RotatedFile[] {
  if (limitBytes === 0) return [];
  let totalBytes = oldestFirst.reduce((sum, file) => sum + file.sizeBytes, currentBytes);
  const removed: RotatedFile[] = [];
  for (const file of oldestFirst) {
    if (totalBytes <= limitBytes) break;
    totalBytes -= file.sizeBytes;
    removed.push(file);
  }
  return removed;
}

/** Whether a current file is old enough to be rotated. @param ageMs 0: never. An empty file is left. */
export function isDueForAge(file: { begunMs: number; sizeBytes: number }, ageMs: number, nowMs: number): boolean {
  return ageMs > 0 && file.sizeBytes > 0 && nowMs - file.begunMs >= ageMs;
}
