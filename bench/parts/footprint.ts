import { Marks } from "../measure/marks.ts";
import { cpuOfAllMs, pssKb } from "../measure/processes.ts";
import { show } from "../measure/statistics.ts";
import type { Table } from "../report.ts";
import { endLeftOvers } from "../subjects/own-process.ts";
import type { Subject } from "../subjects/subject.ts";
import type { Workshop } from "../workshop.ts";
import type { Part } from "./part.ts";

const COUNTS = [1, 100, 500] as const;
const SETTLE_MS = 15_000;
const IDLE_MS = 30_000;
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
  const before = [cpuOfAllMs(daemons), cpuOfAllMs(shims)] as const;
  await Bun.sleep(IDLE_MS);
  const result = {
    daemonKb,
    shimsKb,
    shims: shims.length,
    daemonCpuMs: cpuOfAllMs(daemons) - before[0],
    shimsCpuMs: cpuOfAllMs(shims) - before[1],
  };
  await running.stop();
  endLeftOvers(begun.map((mark) => mark.pid));
  return result;
}

function memoryCell({ daemonKb, shimsKb, shims }: Rest): string {
  const sum = show((daemonKb + shimsKb) / 1_000);
  if (shims === 0) return sum;
  return `${sum} = ${show(daemonKb / 1_000)} + ${show(shimsKb / 1_000)} (${show(shimsKb / shims)} kB each)`;
}

function idleCell({ daemonCpuMs, shimsCpuMs }: Rest): string {
  const sumMs = daemonCpuMs + shimsCpuMs;
  return `${show(sumMs)} (${show((sumMs / IDLE_MS) * 100)} %)`;
}

export const footprint: Part = {
  name: "footprint",
  async measure(workshop, say): Promise<readonly Table[]> {
    const found = new Map<Subject, Rest[]>(workshop.subjects.map((subject) => [subject, []]));
    const measureOne = async (subject: Subject, count: number): Promise<void> => {
      const one = await rest(workshop, subject, count);
      found.get(subject)?.push(one);
      say(`${subject.name}, ${count} services: ${memoryCell(one)} MB, idle ${idleCell(one)}`);
    };
    for (const count of COUNTS) {
      await measureOne(workshop.muster, count);
      const others = workshop.subjects.filter((subject) => subject !== workshop.muster);
      await Promise.all(others.map((subject) => measureOne(subject, count)));
    }
    const columns = ["", ...COUNTS.map(String)];
    const rows = (cell: (one: Rest) => string): string[][] =>
      workshop.subjects.map((subject) => [subject.name, ...(found.get(subject) ?? []).map(cell)]);
    return [
      {
        title: "Footprint: PSS of the supervisor at n services, MB (Muster: daemon with launcher + shims)",
        columns,
        rows: rows(memoryCell),
        notes: [
          `${SETTLE_MS / 1_000} s after the last service ran. Muster alone, the others side by side; no other process ran the same executables. 1 MB is 1 000 kB of the kernel (1 024 bytes each).`,
        ],
      },
      {
        title: "Idle: processor time in 30 s at n services, ms (share of a core)",
        columns,
        rows: rows(idleCell),
        notes: ["All threads of daemon, launcher and shims, from the scheduler's own count (schedstat)."],
      },
    ];
  },
};
