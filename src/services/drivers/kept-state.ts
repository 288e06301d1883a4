import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EVENT_KINDS } from "../../model/event.ts";
import type { EndReason, InstanceState, KeptState, ProgressMark, RecordedEvent } from "../instance-state.ts";
import { parseHistory } from "./program-notes.ts";

/** The file in a generation directory that says where its instance stands; see docs/shim.md. */
export const KEPT_STATE_FILE = "state";

/** @param bootId of the host: the times in it mean nothing after a reboot */
export function encodeKept(kept: KeptState, bootId: string): string {
  return `${JSON.stringify({ bootId, ...kept })}\n`;
}

/** @returns null when it is not there, damaged, of another boot or of another generation */
export function readKept(directory: string, bootId: string, generation: number): KeptState | null {
  try {
    const json: unknown = JSON.parse(readFileSync(join(directory, KEPT_STATE_FILE), "utf8"));
    const { bootId: writtenIn, sinceWallMs, state, told } = fieldsOf(json);
    if (writtenIn !== bootId || typeof sinceWallMs !== "number") return null;
    const parsed = parseState(fieldsOf(state));
    if (parsed === null || parsed.history.generation !== generation) return null;
    return { state: parsed, sinceWallMs, told: parseTold(fieldsOf(told)) };
  } catch {
    return null;
  }
}

function parseTold({ kind, message, data }: Fields): RecordedEvent | null {
  if (typeof kind !== "string" || !Object.hasOwn(EVENT_KINDS, kind) || typeof message !== "string") return null;
  return { kind: kind as RecordedEvent["kind"], message, data: fieldsOf(data) };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function parseState(fields: Fields): InstanceState | null {
  const history = parseHistory(fields.history);
  const { name } = fields;
  const reason = typeof fields.reason === "string" ? fields.reason : null;
  switch (name) {
    case "stopped":
      return { name, history, reason };
    case "waiting":
    case "finished":
      return { name, history };
    case "backoff":
      return isNumber(fields.untilMs) ? { name, history, untilMs: fields.untilMs, reason: reason ?? "" } : null;
    case "failed": {
      const { reviveAtMs } = fields;
      return isNumberOrNull(reviveAtMs) ? { name, history, reason: reason ?? "", reviveAtMs } : null;
    }
    case "running":
    case "reloading": {
      const { pid, readyAtMs } = fields;
      const watchdogMs = isNumber(fields.watchdogMs) ? fields.watchdogMs : null;
      if (!isNumber(pid) || !isNumber(readyAtMs)) return null;
      const living = { history, pid, watchdogMs, readyAtMs };
      return name === "running" ? { name, ...living } : { name, ...living, by: "program" };
    }
    case "maintaining": {
      const [began, latest] = [parseMark(fieldsOf(fields.began)), parseMark(fieldsOf(fields.latest))];
      const text = typeof fields.text === "string" ? fields.text : null;
      if (!isNumber(fields.pid) || began === null || latest === null) return null;
      const watchdogMs = isNumber(fields.watchdogMs) ? fields.watchdogMs : null;
      return { name, history, pid: fields.pid, watchdogMs, began, latest, told: latest, text };
    }
    case "ending": {
      const { pid, readyAtMs } = fields;
      const why = parseWhy(fieldsOf(fields.why));
      if (!isNumberOrNull(pid) || !isNumberOrNull(readyAtMs) || why === null) return null;
      return { name, history, pid, exit: null, why, readyAtMs, phase: "asked", asks: 1 };
    }
    default:
      return null;
  }
}

function parseWhy({ kind, reason }: Fields): EndReason | null {
  if (kind === "ordered" || kind === "exited") return { kind };
  return (kind === "start-failed" || kind === "hung") && typeof reason === "string" ? { kind, reason } : null;
}

function parseMark({ progress, atMs }: Fields): ProgressMark | null {
  return isNumberOrNull(progress) && isNumber(atMs) ? { progress, atMs } : null;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || isNumber(value);
}
