import type { LimitName, ResourceLimit } from "../model/service.ts";

/** RLIMIT numbers of Linux on x64 and arm64, as prlimit(2) takes them. */
export const LIMIT_NUMBERS: Readonly<Record<LimitName, number>> = {
  cpu: 0,
  file_size: 1,
  data: 2,
  stack: 3,
  core: 4,
  resident_set: 5,
  processes: 6,
  open_files: 7,
  locked_memory: 8,
  address_space: 9,
  locks: 10,
  pending_signals: 11,
  message_queues: 12,
  nice: 13,
  realtime_priority: 14,
  realtime_time: 15,
};

export interface NumberedLimit {
  readonly number: number;
  readonly soft: number | null;
  readonly hard: number | null;
}

/** The limits of a service by number, in rising order; null is unlimited. */
export function numberedLimits(limits: Readonly<Partial<Record<LimitName, ResourceLimit>>>): NumberedLimit[] {
  const names = Object.keys(limits) as LimitName[];
  return names
    .flatMap((name) => {
      const limit = limits[name];
      return limit ? [{ number: LIMIT_NUMBERS[name], soft: limit.soft, hard: limit.hard }] : [];
    })
    .toSorted((a, b) => a.number - b.number);
}
