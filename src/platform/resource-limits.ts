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

/** What programs expect where nobody says otherwise: more than 1 024 breaks those that use select(2). */
const USUAL_OPEN_FILES = 1_024;

/**
 * The limit of open files for a program whose configuration names none. The runtime raises the daemon's own to the most
 * that is allowed, which programs must not inherit; the hard limit stays as it is.
 * @param limits the text of `/proc/self/limits`
 */
export function usualOpenFiles(limits: string): ResourceLimit {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1];
  if (hard === undefined) return { soft: USUAL_OPEN_FILES, hard: null };
  return { soft: Math.min(USUAL_OPEN_FILES, Number(hard)), hard: Number(hard) };
}

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
