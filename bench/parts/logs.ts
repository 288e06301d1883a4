import { statSync } from "node:fs";
import { nowMs, until } from "../measure/clock.ts";
import { Marks } from "../measure/marks.ts";
import { checkNumbers, LINE_BYTES } from "../measure/numbered-lines.ts";
import { cpuOfAllMs } from "../measure/processes.ts";
import { show, showSpread, spreadOf } from "../measure/statistics.ts";
import type { Table } from "../report.ts";
import type { Running, Subject } from "../subjects/subject.ts";
import type { Workshop } from "../workshop.ts";
import type { Part } from "./part.ts";

const GIB = 2 ** 30;
const RUNS = 3;
const TICKERS = 100;
const LINES_A_SECOND = 100;
const TICK_MS = 10_000;
const LIMIT_MS = 120_000;

interface Flood {
  readonly mbPerSecond: number;
  readonly shimPerGib: number;
  readonly daemonPerGib: number;
  readonly fault: string | null;
}

interface FloodSize {
  readonly bytes: number;
  readonly bytesAWrite: number;
}

async function flood(workshop: Workshop, subject: Subject, size: FloodSize, place?: string): Promise<Flood> {
  using marks = new Marks(workshop.freshMarks());
  const services = workshop.services(1, "flood", marks.path, [size.bytes, size.bytesAWrite]);
  const plan = { services, directory: workshop.fresh(place), restarts: "default", logs: true } as const;
  await using running = await subject.start(plan);
  const [begin] = await marks.wait("begin", 1, LIMIT_MS);
  // The daemon is still at work with its own start: that is not the log's.
  const daemons = await until("the supervisor", LIMIT_MS, () => nonEmpty(running.daemons()));
  const daemonBefore = cpuOfAllMs(daemons);
  const path = running.output("s1") ?? "";
  const lines = Math.floor(size.bytes / LINE_BYTES);
  const endMs = await until(
    "all output",
    LIMIT_MS,
    () => (sizeOf(path) >= lines * LINE_BYTES ? nowMs() : undefined),
    1,
  );
  const shimMs = cpuOfAllMs(running.shims());
  const daemonMs = cpuOfAllMs(daemons) - daemonBefore;
  await Bun.sleep(200);
  const fault = checkNumbers(path, lines);
  await running.stop();
  const gib = size.bytes / GIB;
  const seconds = (endMs - (begin?.atMs ?? 0)) / 1_000;
  return {
    mbPerSecond: size.bytes / 1e6 / seconds,
    shimPerGib: shimMs / 1_000 / gib,
    daemonPerGib: daemonMs / 1_000 / gib,
    fault,
  };
}

function nonEmpty(pids: readonly number[]): readonly number[] | undefined {
  return pids.length > 0 ? pids : undefined;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function floods(
  workshop: Workshop,
  size: FloodSize,
  place: string | undefined,
  say: (text: string) => void,
): Promise<string[][]> {
  const found = new Map<Subject, Flood[]>(workshop.subjects.map((subject) => [subject, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const subject of workshop.subjects) {
      if (workshop.others.includes(subject) && (run > 0 || place !== undefined)) continue;
      const one = await flood(workshop, subject, size, place);
      found.get(subject)?.push(one);
      say(`${subject.name}: ${show(one.mbPerSecond)} MB/s, ${one.fault ?? "each line once"}`);
    }
  }
  return [...found].flatMap(([subject, runs]) => {
    if (runs.length === 0) return [];
    const faults = runs.flatMap((one) => one.fault ?? []);
    return [
      [
        subject.name,
        showSpread(spreadOf(runs.map((one) => one.mbPerSecond))),
        showSpread(spreadOf(runs.map((one) => one.shimPerGib))),
        showSpread(spreadOf(runs.map((one) => one.daemonPerGib))),
        faults[0] ?? "each once, in order",
      ],
    ];
  });
}

interface Ticks {
  readonly percent: number;
  readonly shimsPercent: number;
  readonly kept: string;
}

async function ticks(workshop: Workshop, subject: Subject): Promise<Ticks> {
  using marks = new Marks(workshop.freshMarks());
  const services = workshop.services(TICKERS, "tick", marks.path, [LINES_A_SECOND]);
  const plan = { services, directory: workshop.fresh(), restarts: "default", logs: true } as const;
  await using running = await subject.start(plan);
  await marks.wait("begin", TICKERS, LIMIT_MS);
  await Bun.sleep(5_000);
  const { daemons, shims } = processesOf(running);
  const before = [cpuOfAllMs(daemons), cpuOfAllMs(shims)] as const;
  const beginMs = nowMs();
  await Bun.sleep(TICK_MS);
  const tookMs = nowMs() - beginMs;
  const daemonMs = cpuOfAllMs(daemons) - before[0];
  const shimsMs = cpuOfAllMs(shims) - before[1];
  await running.stop();
  marks.read();
  const ends = marks.all.filter((mark) => mark.step === "end");
  const faults = ends.flatMap((mark) => checkNumbers(running.output(mark.name) ?? "", mark.lines) ?? []);
  const lines = ends.reduce((sum, mark) => sum + mark.lines, 0);
  const kept = ends.length < TICKERS ? `${TICKERS - ends.length} told no end` : `${lines} of ${lines}`;
  return {
    percent: ((daemonMs + shimsMs) / tookMs) * 100,
    shimsPercent: (shimsMs / tookMs) * 100,
    kept: faults[0] ?? kept,
  };
}

function processesOf(running: Running): { daemons: readonly number[]; shims: readonly number[] } {
  return { daemons: running.daemons(), shims: running.shims() };
}

async function tickTable(workshop: Workshop, say: (text: string) => void): Promise<Table> {
  const rows: string[][] = [];
  for (const subject of workshop.subjects) {
    const runs: Ticks[] = [];
    for (let run = 0; run < (workshop.others.includes(subject) ? 1 : RUNS); run++) {
      runs.push(await ticks(workshop, subject));
      say(`${subject.name}: ${show(runs.at(-1)?.percent ?? 0)} %, ${runs.at(-1)?.kept} lines`);
    }
    const percents = spreadOf(runs.map((one) => one.percent));
    const shims = spreadOf(runs.map((one) => one.shimsPercent));
    rows.push([subject.name, showSpread(percents), showSpread(shims), runs.at(-1)?.kept ?? ""]);
  }
  return {
    title: `${TICKERS} services with ${LINES_A_SECOND} lines a second each: processor time of the supervisor, % of a core`,
    columns: ["", "all", "of it the shims", "lines kept"],
    rows,
    notes: [
      `Over ${TICK_MS / 1_000} s, from 5 s after the start on. Each service ended with the number of its last line; every file was read.`,
    ],
  };
}

const COLUMNS = ["", "MB/s", "shim, CPU s/GiB", "daemon, CPU s/GiB", "lines"];

export const logs: Part = {
  name: "logs",
  async measure(workshop, say): Promise<readonly Table[]> {
    if (!workshop.compiled) {
      say("the log figures need a C compiler; left out");
      return [];
    }
    const large = { bytes: GIB, bytesAWrite: 64 << 10 };
    const small = { bytes: GIB / 8, bytesAWrite: LINE_BYTES };
    const notes = [
      "From the first act of the service until the last byte is in the file; every line is numbered, and the file is read afterwards.",
    ];
    return [
      {
        title: "1 GiB of 100-byte lines, 64 KiB a write, files on tmpfs",
        columns: COLUMNS,
        rows: await floods(workshop, large, undefined, say),
        notes,
      },
      {
        title: "The same, files on the disk of the temporary directory",
        columns: COLUMNS,
        rows: await floods(workshop, large, workshop.disk, say),
        notes: [],
      },
      {
        title: "128 MiB of 100-byte lines, one line a write, files on tmpfs",
        columns: COLUMNS,
        rows: await floods(workshop, small, undefined, say),
        notes,
      },
      await tickTable(workshop, say),
    ];
  },
};
