import { Marks } from "../measure/marks.ts";
import { cpuDuringMs, cpuOfAllMs, pssKb } from "../measure/processes.ts";
import { show } from "../measure/statistics.ts";
import type { Aim, Findings } from "../report.ts";
import { endLeftOvers } from "../subjects/own-process.ts";
import type { Subject } from "../subjects/subject.ts";
import type { Workshop } from "../workshop.ts";
import type { Part } from "./part.ts";

const COUNTS = [1, 100, 500] as const;
const SETTLE_MS = 15_000;
const IDLE_MS = 30_000;
/** The kernel's kB are 1 024 bytes. */
const KB_IN_MIB = 1_024;
const LIMIT_MS = 120_000;

interface Rest {
  readonly daemonKb: number;
  readonly shimsKb: number;
  readonly shims: number;
  readonly daemonCpuMs: number;
  readonly shimsCpuMs: number;
}

async function rest(workshop: Workshop, subject: Subject, count: number): Promise<Rest> {
  using marks = new Marks(workshop.freshMarks());
  const services = workshop.services(count, "rest", marks.path);
  await using running = await subject.start({
    services,
    directory: workshop.fresh(),
    restarts: "default",
    logs: false,
  });
  const begun = await marks.wait("begin", count, LIMIT_MS);
  await Bun.sleep(SETTLE_MS);
  const daemons = running.daemons();
  const shims = running.shims();
  const sum = (pids: readonly number[]): number => pids.reduce((total, pid) => total + pssKb(pid), 0);
  const [daemonKb, shimsKb] = [sum(daemons), sum(shims)];
  const shimsBeforeMs = cpuOfAllMs(shims);
  const daemonsMs = await Promise.all(daemons.map((pid) => cpuDuringMs(pid, IDLE_MS)));
  const result = {
    daemonKb,
    shimsKb,
    shims: shims.length,
    daemonCpuMs: daemonsMs.reduce((total, one) => total + one, 0),
    shimsCpuMs: cpuOfAllMs(shims) - shimsBeforeMs,
  };
  await running.stop();
  endLeftOvers(begun.map((mark) => mark.pid));
  return result;
}

function memoryCell({ daemonKb, shimsKb, shims }: Rest): string {
  const sum = show((daemonKb + shimsKb) / KB_IN_MIB);
  if (shims === 0) return sum;
  return `${sum} = ${show(daemonKb / KB_IN_MIB)} + ${show(shimsKb / KB_IN_MIB)} (${show(shimsKb / shims)} KiB each)`;
}

function aimsOf(rests: readonly Rest[]): readonly Aim[] {
  const last = rests.at(-1);
  if (last === undefined) return [];
  const wholeMib = (last.daemonKb + last.shimsKb) / KB_IN_MIB;
  const shimKb = last.shimsKb / last.shims;
  const idle = Math.max(...rests.map((one) => ((one.daemonCpuMs + one.shimsCpuMs) / IDLE_MS) * 100));
  return [
    { aim: "all of it at most 45 MB at 500 services (PSS)", measured: `${show(wholeMib)} MiB`, met: wholeMib <= 45 },
    { aim: "a shim at most 20 kB (PSS)", measured: `${show(shimKb)} KiB`, met: shimKb <= 20 },
    { aim: "idle at most 0.1 % of a core", measured: `${show(idle)} % at most`, met: idle <= 0.1 },
  ];
}

function idleCell({ daemonCpuMs, shimsCpuMs }: Rest): string {
  const sumMs = daemonCpuMs + shimsCpuMs;
  return `${show(sumMs)} (${show((sumMs / IDLE_MS) * 100)} %)`;
}

export const footprint: Part = {
  name: "footprint",
  async measure(workshop, say): Promise<Findings> {
    const found = new Map<Subject, Rest[]>(workshop.subjects.map((subject) => [subject, []]));
    const measureOne = async (subject: Subject, count: number): Promise<void> => {
      const one = await rest(workshop, subject, count);
      found.get(subject)?.push(one);
      say(`${subject.name}, ${count} services: ${memoryCell(one)} MiB, idle ${idleCell(one)}`);
    };
    for (const count of COUNTS) {
      await measureOne(workshop.muster, count);
      const others = workshop.subjects.filter((subject) => subject !== workshop.muster);
      await Promise.all(others.map((subject) => measureOne(subject, count)));
    }
    const columns = ["", ...COUNTS.map(String)];
    const rows = (cell: (one: Rest) => string): string[][] =>
      workshop.subjects.map((subject) => [subject.name, ...(found.get(subject) ?? []).map(cell)]);
    const tables = [
      {
        title: "Footprint: PSS of the supervisor at n services, MiB (Muster: daemon with launcher + shims)",
        columns,
        rows: rows(memoryCell),
        notes: [
          `${SETTLE_MS / 1_000} s after the last service ran. Muster alone, the others side by side; no other process ran the same executables.`,
        ],
      },
      {
        title: "Idle: processor time in 30 s at n services, ms (share of a core)",
        columns,
        rows: rows(idleCell),
        notes: ["All threads of daemon, launcher and shims, from the scheduler's own count (schedstat)."],
      },
    ];
    return { tables, aims: aimsOf(found.get(workshop.muster) ?? []) };
  },
};
