import { join } from "node:path";
import { type InstanceId, instanceFileName } from "../model/name.ts";

export type StreamName = "out" | "err";

/** How a rotated file is stored. */
export type Packing = "plain" | "gz" | "zst";

/** Where one stream of one instance lies: its current file, and what was rotated away from it. */
export interface StreamPlace {
  /** the logs directory, `<state>/logs` */
  readonly directory: string;
  readonly instance: InstanceId;
  readonly stream: StreamName;
  /** rotated files also lie in `<archive>/<year>/<month>/`; null: only beside the log */
  readonly archive: string | null;
}

/** `web.1.out.log`: the name of the file that is written now, and the beginning of every rotated one's name. */
export function currentName(place: Pick<StreamPlace, "instance" | "stream">): string {
  return `${instanceFileName(place.instance)}.${place.stream}.log`;
}

export function currentPath(place: StreamPlace): string {
  return join(place.directory, currentName(place));
}

const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{9})Z$/;

/** Reads `YYYYMMDDTHHMMSS.nnnnnnnnnZ`; the result is in ms since the epoch, undefined for anything else. */
export function parseStamp(stamp: string): number | undefined {
  const match = STAMP.exec(stamp);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, nanos = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) + nanos / 1e6;
}

/** The stamp of a file that is rotated at `timeMs` (ms since the epoch). `nanos` (0 to 999 999) makes it unique within its ms. */
export function formatStamp(timeMs: number, nanos = 0): string {
  const [date = "", time = ""] = new Date(timeMs).toISOString().split("T");
  const fraction = `${time.slice(9, 12)}${String(nanos).padStart(6, "0")}`;
  return `${date.replaceAll("-", "")}T${time.slice(0, 8).replaceAll(":", "")}.${fraction}Z`;
}

/** The parts of a rotated file's name. */
export interface RotatedName {
  /** `web.1.out.log` */
  readonly base: string;
  readonly stamp: string;
  readonly packing: Packing;
  /** an index, not a log */
  readonly index: boolean;
}

const ROTATED = /^(.+\.log)\.(\d{8}T\d{6}\.\d{9}Z)(\.idx)?(?:\.(gz|zst))?$/;

/** Takes a rotated file's name apart; undefined when it is none of ours. */
export function parseRotatedName(name: string): RotatedName | undefined {
  const match = ROTATED.exec(name);
  if (!match) return undefined;
  const [, base = "", stamp = "", index, packing] = match;
  return { base, stamp, packing: (packing as "gz" | "zst" | undefined) ?? "plain", index: index !== undefined };
}

/** The index that belongs to a log file: `x.log.<stamp>.gz` has `x.log.<stamp>.idx.gz`. */
export function indexPathOf(logPath: string, packing: Packing): string {
  if (packing === "plain") return `${logPath}.idx`;
  return `${logPath.slice(0, -packing.length - 1)}.idx.${packing}`;
}
