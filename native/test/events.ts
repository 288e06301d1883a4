import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProgramSpec } from "../../src/platform/shim/spec-file.ts";
import type { Generation, TestRun } from "../../src/platform/shim/testing/test-run.ts";

const FIXTURE = join(import.meta.dir, "speak.fixture.ts");

/** The words of a command that does what `orders` say: see the fixture. */
export function speaker(...orders: readonly string[]): string[] {
  return [process.execPath, FIXTURE, ...orders];
}

/** The same in a shell's script: `$SPEAK 'say READY=1'`. */
export const SPEAK_VARIABLE = { SPEAK: `${process.execPath} ${FIXTURE}` };

let count = 0;

/** What a program that may speak is started with. */
export function speaking(
  run: TestRun,
  spec: Partial<ProgramSpec> = {},
): Partial<ProgramSpec> & { eventSocket: string } {
  const events = join(run.directory, "events");
  mkdirSync(events, { recursive: true });
  const eventSocket = join(events, `token${++count}`);
  return {
    directory: run.directory,
    ...spec,
    eventSocket,
    environment: { NOTIFY_SOCKET: eventSocket, ...SPEAK_VARIABLE, ...spec.environment },
  };
}

export interface Said {
  readonly kind: "said";
  readonly pid: number;
  readonly uid: number;
  readonly sender: string;
  readonly wallMs: number;
  readonly monotonicMs: number;
  readonly cut: boolean;
  readonly text: string;
}

export interface Lost {
  readonly kind: "lost";
  readonly messages: number;
  readonly bytes: number;
}

/** The numbers of the segments that are there, rising. */
export function segmentsOf(generation: Generation): number[] {
  return readdirSync(generation.directory)
    .map((name) => /^said\.(\d+)$/.exec(name)?.[1])
    .flatMap((number) => (number === undefined ? [] : [Number(number)]))
    .sort((a, b) => a - b);
}

/** Every record of every segment; throws where one is not exactly as docs/shim.md says. */
export function recordsOf(generation: Generation): (Said | Lost)[] {
  return segmentsOf(generation).flatMap((number) => readSegment(join(generation.directory, `said.${number}`)));
}

export function saidOf(generation: Generation): Said[] {
  return recordsOf(generation).filter((record): record is Said => record.kind === "said");
}

export function readSegment(path: string): (Said | Lost)[] {
  const bytes = readFileSync(path);
  const records: (Said | Lost)[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    const header = bytes.toString("latin1", at, end);
    at = end + 1;
    const lost = /^lost (\d+) (\d+)$/.exec(header);
    if (lost) {
      records.push({ kind: "lost", messages: Number(lost[1]), bytes: Number(lost[2]) });
      continue;
    }
    const said = /^said (\d+) (\d+) (\d+) (main|tree|stranger|gone) (\d+) (\d+)( cut)?$/.exec(header);
    const length = Number(said?.[1]);
    if (!said || bytes[at + length] !== 10) throw new Error(`${path} holds no record at "${header.slice(0, 80)}"`);
    records.push({
      kind: "said",
      pid: Number(said[2]),
      uid: Number(said[3]),
      sender: said[4] ?? "",
      wallMs: Number(said[5]),
      monotonicMs: Number(said[6]),
      cut: said[7] !== undefined,
      text: bytes.toString("latin1", at, at + length),
    });
    at += length + 1;
  }
  return records;
}
