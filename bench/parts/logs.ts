import { rmSync, statSync } from "node:fs";
import { nowMs, until } from "../measure/clock.ts";
import { Marks } from "../measure/marks.ts";
import { checkNumbers, LINE_BYTES } from "../measure/numbered-lines.ts";
import { cpuOfAllMs } from "../measure/processes.ts";
import { show, showSpread, spreadOf } from "../measure/statistics.ts";
import type { Aim, Findings } from "../report.ts";
import type { Subject } from "../subjects/subject.ts";
import type { Workshop } from "../workshop.ts";
import type { Part } from "./part.ts";
import { measureTicks } from "./ticks.ts";

const GIB = 2 ** 30;
const RUNS = 5;
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
  rmSync(path);
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
): Promise<ReadonlyMap<Subject, readonly Flood[]>> {
  const found = new Map<Subject, Flood[]>(workshop.subjects.map((subject) => [subject, []]));
  // The first meets memory that a virtual machine may have to get from its host.
  await flood(workshop, workshop.floor, size, place);
  for (let run = 0; run < RUNS; run++) {
    for (const subject of workshop.subjects) {
      if (workshop.others.includes(subject) && (run > 0 || place !== undefined)) continue;
      const one = await flood(workshop, subject, size, place);
      found.get(subject)?.push(one);
      say(`${subject.name}: ${show(one.mbPerSecond)} MB/s, ${one.fault ?? "each line once"}`);
    }
  }
  return found;
}

function rowsOf(found: ReadonlyMap<Subject, readonly Flood[]>): readonly string[][] {
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

const HOW =
  "From the first act of the service until the last byte is in the file; every line is numbered, and the file is read afterwards. One run before the others is not counted: it meets memory that the virtual machine has not used before, and each file is removed before the next run for the same reason (with fresh memory, everything was 3 to 5 times as slow). Processor time of a supervisor without shims stands under daemon.";
const COLUMNS = ["", "MB/s", "shim, CPU s/GiB", "daemon, CPU s/GiB", "lines"];

function aimsOf(runs: readonly Flood[]): readonly Aim[] {
  const speed = spreadOf(runs.map((one) => one.mbPerSecond)).median;
  const cost = spreadOf(runs.map((one) => one.shimPerGib + one.daemonPerGib)).median;
  return [
    { aim: "at least 800 MB/s of log", measured: `${show(speed)} MB/s`, met: speed >= 800 },
    { aim: "at most 1 CPU s/GiB for it", measured: `${show(cost)} s/GiB`, met: cost <= 1 },
  ];
}

export const logs: Part = {
  name: "logs",
  async measure(workshop, say): Promise<Findings> {
    if (!workshop.compiled) {
      say("the log figures need a C compiler; left out");
      return { tables: [], aims: [] };
    }
    const large = { bytes: GIB, bytesAWrite: 64 << 10 };
    const small = { bytes: GIB / 8, bytesAWrite: LINE_BYTES };
    const onTmpfs = await floods(workshop, large, undefined, say);
    const onDisk = await floods(workshop, large, workshop.disk, say);
    const byLine = await floods(workshop, small, undefined, say);
    const ticks = await measureTicks(workshop, say);
    const tables = [
      { title: "1 GiB of 100-byte lines, 64 KiB a write, files on tmpfs", found: onTmpfs, notes: [HOW] },
      { title: "The same, files on the disk of the temporary directory", found: onDisk, notes: [] },
      { title: "128 MiB of 100-byte lines, one line a write, files on tmpfs", found: byLine, notes: [] },
    ].map(({ title, found, notes }) => ({ title, columns: COLUMNS, rows: rowsOf(found), notes }));
    return {
      tables: [...tables, ...ticks.tables],
      aims: [...aimsOf(onTmpfs.get(workshop.muster) ?? []), ...ticks.aims],
    };
  },
};
