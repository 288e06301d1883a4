import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type RehearsalLine, rehearse } from "../alerts/rehearsal.ts";
import { countOf } from "../base/count-of.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { EVENT_KINDS, type JournalEvent } from "../model/event.ts";
import { systemReason } from "../platform/system-reason.ts";
import { Configuration } from "./configuration.ts";
import type { LoaderCommand } from "./load-configuration.ts";

export interface RehearsalRequest {
  /** events as `muster events --json` writes them */
  readonly recording: string;
  /** null: `muster.toml` of the working directory */
  readonly file: string | null;
  readonly workingDirectory: string;
}

/** Plays a recording to the rules of a file; a line each of what would have been told. Throws coded errors. */
export async function rehearseRecording(request: RehearsalRequest, loader: LoaderCommand): Promise<readonly string[]> {
  const path = request.file ?? join(request.workingDirectory, "muster.toml");
  const loaded = await Configuration.load({ kind: "file", path }, loader);
  if (!loaded.ok) throw loaded.error;
  const { alerts, services } = loaded.value.loaded.host;
  const events = readRecording(request.recording, await readText(request.recording));
  const dependsOn = new Map([...services].map(([name, spec]) => [name, spec.dependsOn]));
  const lines = rehearse(events, alerts, dependsOn);
  return [...lines.map(inWords), summary(events.length, lines)];
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw codedError("recording-unusable", { path, reason: systemReason(error) }, error);
  }
}

function readRecording(path: string, text: string): JournalEvent[] {
  const lines = text.split("\n").map((line, index) => ({ line, number: index + 1 }));
  return lines
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, number }) => {
      const event = readEvent(line);
      if (event !== undefined) return event;
      throw codedError("recording-unusable", { path, reason: `line ${number} is not an event` });
    });
}

/** Kinds that this version does not know are kept: they are no cause of alerts. */
function readEvent(line: string): JournalEvent | undefined {
  try {
    const json: unknown = JSON.parse(line);
    return isEvent(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function isEvent(value: unknown): value is JournalEvent {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  const texts = ["id", "time", "kind", "severity", "subject", "message"];
  if (!texts.every((key) => typeof fields[key] === "string")) return false;
  if (Number.isNaN(Date.parse(String(fields.time)))) return false;
  const isData = typeof fields.data === "object" && fields.data !== null;
  return isData || !Object.hasOwn(EVENT_KINDS, String(fields.kind));
}

function inWords({ at, notice, heldBack, alert }: RehearsalLine): string {
  const joined = alert.affected.length === 0 ? "" : ` (with ${alert.affected.join(", ")})`;
  const what = `${alert.severity} ${alert.kind} ${alert.subject}${joined}: ${alert.message}`;
  return `${at}  ${(heldBack === null ? notice : "held back").padEnd(9)}  ${what}${heldBack === null ? "" : ` [no ${notice}: ${heldBack}]`}`;
}

function summary(events: number, lines: readonly RehearsalLine[]): string {
  const told = lines.filter(({ heldBack }) => heldBack === null).length;
  return `${countOf(events, "event")}, ${countOf(told, "notice")}, ${lines.length - told} held back`;
}
