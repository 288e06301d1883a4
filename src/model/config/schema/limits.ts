import * as z from "zod";
import { parseDuration } from "../../../base/duration.ts";
import { parseSize } from "../../../base/size.ts";
import { LIMIT_NAMES, type LimitName, type ResourceLimit } from "../../service.ts";
import { complain } from "./kinds.ts";

type Measure = "bytes" | "seconds" | "microseconds" | "count";

const LIMITS: Readonly<Record<LimitName, { measure: Measure; about: string }>> = {
  cpu: { measure: "seconds", about: "CPU time" },
  file_size: { measure: "bytes", about: "size of a file it writes" },
  data: { measure: "bytes", about: "data segment" },
  stack: { measure: "bytes", about: "stack of the main thread" },
  core: { measure: "bytes", about: "size of a core dump" },
  resident_set: { measure: "bytes", about: "resident memory (today's kernels do not look at it)" },
  processes: { measure: "count", about: "processes and threads of its user" },
  open_files: { measure: "count", about: "open descriptors" },
  locked_memory: { measure: "bytes", about: "memory locked into RAM" },
  address_space: { measure: "bytes", about: "address space" },
  locks: { measure: "count", about: "file locks" },
  pending_signals: { measure: "count", about: "queued signals of its user" },
  message_queues: { measure: "bytes", about: "POSIX message queues of its user" },
  nice: { measure: "count", about: "ceiling of the niceness: 20 minus the value" },
  realtime_priority: { measure: "count", about: "ceiling of the real-time priority" },
  realtime_time: { measure: "microseconds", about: "CPU time under real-time scheduling without a blocking call" },
};

const SAMPLES: Readonly<Record<Measure, unknown>> = {
  bytes: "64MB",
  seconds: "10m",
  microseconds: "500ms",
  count: 100,
};

/** The shape `limits`: a value for soft and hard, or `[soft, hard]`. */
export function limits() {
  const shape = Object.fromEntries(
    LIMIT_NAMES.map((name) => [
      name,
      limit(LIMITS[name].measure)
        .optional()
        .meta({
          description: `Limit: ${LIMITS[name].about}.`,
          defaultInWords: "that of the daemon",
          change: "restart",
          example: SAMPLES[LIMITS[name].measure],
        }),
    ]),
  ) as { [Name in LimitName]: z.ZodOptional<ReturnType<typeof limit>> };
  return z.strictObject(shape);
}

function limit(measure: Measure) {
  const single = z.union([z.int(), z.string()]);
  return z
    .union([single, z.array(single)])
    .meta({ title: measure === "count" ? "limit" : `limit in ${measure}` })
    .transform((value, context): ResourceLimit => {
      const ends = Array.isArray(value) ? value : [value, value];
      if (ends.length !== 2) return complain(context, "a list here is [soft, hard]");
      const [soft, hard] = ends.map((end) => (end === undefined ? "is missing" : readLimit(end, measure)));
      if (typeof soft === "string") return complain(context, soft);
      if (typeof hard === "string") return complain(context, hard);
      if (hard !== null && (soft === null || (soft ?? 0) > (hard ?? 0))) {
        return complain(context, "the soft limit is above the hard one; write [soft, hard]");
      }
      return { soft: soft ?? null, hard: hard ?? null };
    });
}

/** @returns the number, null for "unlimited", or what is wrong with it */
function readLimit(value: string | number, measure: Measure): number | null | string {
  if (value === "unlimited") return null;
  if (typeof value === "string" && !/^\d+$/.test(value)) return readMeasured(value, measure);
  const number = Number(value);
  if (number < 0 || !Number.isSafeInteger(number)) return `${value} is not a limit; write 0 or more, or "unlimited"`;
  return number;
}

function readMeasured(value: string, measure: Measure): number | string {
  if (measure === "count") return `"${value}" is not a limit; write a whole number or "unlimited"`;
  const parsed = measure === "bytes" ? parseSize(value) : parseDuration(value);
  if (!parsed.ok) return `${parsed.error}, or a whole number, or "unlimited"`;
  if (measure === "seconds") return Math.ceil(parsed.value / 1_000);
  return measure === "microseconds" ? parsed.value * 1_000 : parsed.value;
}
