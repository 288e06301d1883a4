import { type ProcessIdentity, parseIdentity } from "../process-identity.ts";

/** When a record was made. */
export interface RecordTimes {
  /** ms since the epoch */
  readonly wallMs: number;
  /** ms of CLOCK_MONOTONIC */
  readonly monotonicMs: number;
}

export const CHILD_STEPS = [
  "spec",
  "log",
  "fifo",
  "socket",
  "fork",
  "session",
  "cgroup",
  "limit",
  "nice",
  "groups",
  "gid",
  "uid",
  "directory",
  "descriptor",
  "claim",
  "exec",
] as const;
export type ChildStep = (typeof CHILD_STEPS)[number];

/** `void`: a daemon made it, and no program can start in this generation any more. */
export type ClaimRecord = { readonly kind: "program"; readonly identity: ProcessIdentity } | { readonly kind: "void" };

export interface FailedRecord {
  readonly step: ChildStep;
  readonly errno: number;
}

export type ExitRecord = RecordTimes &
  (
    | { readonly kind: "code"; readonly code: number }
    | { readonly kind: "signal"; readonly signal: number; readonly coreDumped: boolean }
    | { readonly kind: "unknown" }
  );

/** `proved` by the shim, which saw its last child end; `seen` by a daemon that found nothing left. */
export type EmptyRecord = RecordTimes & { readonly kind: "proved" | "seen" };

/** Totals of the generation, in bytes. */
export interface LostRecord {
  readonly outBytes: number;
  readonly errBytes: number;
}

/** One line of the bell. */
export type BellRecord =
  | { readonly kind: "claim"; readonly claim: ClaimRecord }
  | { readonly kind: "failed"; readonly failed: FailedRecord }
  | { readonly kind: "exit"; readonly exit: ExitRecord }
  | { readonly kind: "empty"; readonly empty: EmptyRecord }
  | { readonly kind: "lost"; readonly lost: LostRecord }
  /** new words lie in the segments `said.<n>`; many words may be one ring */
  | { readonly kind: "said" }
  /** the newline on the program's `readyFd` came */
  | { readonly kind: "ready"; readonly ready: RecordTimes }
  /** another process of the tree is the main process from now on */
  | { readonly kind: "main"; readonly main: ProcessIdentity }
  | { readonly kind: "rotated"; readonly stream: "out" | "err"; readonly path: string }
  | { readonly kind: "resumed"; readonly stream: "out" | "err" }
  | { readonly kind: "look" };

export interface BellLine {
  /** `web.1` */
  readonly instance: string;
  readonly generation: number;
  readonly record: BellRecord;
}

// Every reader takes the content with or without its line end, and gives undefined for anything that is not exactly the form.

export function parseClaim(text: string): ClaimRecord | undefined {
  if (/^void\n?$/.test(text)) return { kind: "void" };
  const identity = parseIdentity(text);
  return identity && { kind: "program", identity };
}

export function parseFailed(text: string): FailedRecord | undefined {
  const match = /^([a-z]+) (\d{1,4})\n?$/.exec(text);
  const step = CHILD_STEPS.find((known) => known === match?.[1]);
  return step && { step, errno: Number(match?.[2]) };
}

export function parseExit(text: string): ExitRecord | undefined {
  const match = /^(?:(code|signal) (\d{1,3})|unknown) (\d{1,15}) (\d{1,15})( core)?\n?$/.exec(text);
  if (!match) return undefined;
  const [, kind, number, wallMs, monotonicMs, core] = match;
  const times = { wallMs: Number(wallMs), monotonicMs: Number(monotonicMs) };
  if (kind === "signal") return { kind, signal: Number(number), coreDumped: core !== undefined, ...times };
  if (core !== undefined) return undefined;
  return kind === "code" ? { kind, code: Number(number), ...times } : { kind: "unknown", ...times };
}

export function parseEmpty(text: string): EmptyRecord | undefined {
  const match = /^(proved|seen) (\d{1,15}) (\d{1,15})\n?$/.exec(text);
  if (!match) return undefined;
  const kind = match[1] === "proved" ? "proved" : "seen";
  return { kind, wallMs: Number(match[2]), monotonicMs: Number(match[3]) };
}

export function parseLost(text: string): LostRecord | undefined {
  const match = /^(\d{1,16}) (\d{1,16})\n?$/.exec(text);
  return match ? { outBytes: Number(match[1]), errBytes: Number(match[2]) } : undefined;
}

export function parseReady(text: string): RecordTimes | undefined {
  const match = /^(\d{1,15}) (\d{1,15})\n?$/.exec(text);
  return match ? { wallMs: Number(match[1]), monotonicMs: Number(match[2]) } : undefined;
}

export function parseBellLine(line: string): BellLine | undefined {
  const match = /^([A-Za-z0-9][A-Za-z0-9_.-]*)\/(\d{1,10}) ([a-z]+)(?: (.*))?$/.exec(line);
  if (!match) return undefined;
  const [, instance = "", generation, kind = "", content = ""] = match;
  const record = parseBellRecord(kind, content);
  return record && { instance, generation: Number(generation), record };
}

function parseBellRecord(kind: string, content: string): BellRecord | undefined {
  switch (kind) {
    case "claim":
      return wrap(parseClaim(content), (claim) => ({ kind, claim }));
    case "failed":
      return wrap(parseFailed(content), (failed) => ({ kind, failed }));
    case "exit":
      return wrap(parseExit(content), (exit) => ({ kind, exit }));
    case "empty":
      return wrap(parseEmpty(content), (empty) => ({ kind, empty }));
    case "lost":
      return wrap(parseLost(content), (lost) => ({ kind, lost }));
    case "said":
      return content === "" ? { kind } : undefined;
    case "ready":
      return wrap(parseReady(content), (ready) => ({ kind, ready }));
    case "main":
      return wrap(parseIdentity(content), (main) => ({ kind, main }));
    case "rotated": {
      const match = /^(out|err) (\/.*)$/.exec(content);
      return match ? { kind, stream: match[1] === "out" ? "out" : "err", path: match[2] ?? "" } : undefined;
    }
    case "resumed":
      return content === "out" || content === "err" ? { kind, stream: content } : undefined;
    case "look":
      return content === "" ? { kind } : undefined;
    default:
      return undefined;
  }
}

function wrap<Content>(content: Content | undefined, make: (content: Content) => BellRecord): BellRecord | undefined {
  return content === undefined ? undefined : make(content);
}
