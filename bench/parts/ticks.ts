import { nowMs } from "../measure/clock.ts";
import { Marks } from "../measure/marks.ts";
import { checkNumbers } from "../measure/numbered-lines.ts";
import { cpuOfAllMs } from "../measure/processes.ts";
import { show, showSpread, spreadOf } from "../measure/statistics.ts";
import type { Findings } from "../report.ts";
import type { Subject } from "../subjects/subject.ts";
import type { Workshop } from "../workshop.ts";

const RUNS = 3;
const TICKERS = 100;
const LINES_A_SECOND = 100;
const TICK_MS = 10_000;
const LIMIT_MS = 120_000;

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
  const [daemons, shims] = [running.daemons(), running.shims()];
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

/** Many services that write a little each. */
export async function measureTicks(workshop: Workshop, say: (text: string) => void): Promise<Findings> {
  const medians = new Map<Subject, number>();
  const rows: string[][] = [];
  for (const subject of workshop.subjects) {
    const runs: Ticks[] = [];
    for (let run = 0; run < (workshop.others.includes(subject) ? 1 : RUNS); run++) {
      runs.push(await ticks(workshop, subject));
      say(`${subject.name}: ${show(runs.at(-1)?.percent ?? 0)} %, ${runs.at(-1)?.kept} lines`);
    }
    const percents = spreadOf(runs.map((one) => one.percent));
    const shims = spreadOf(runs.map((one) => one.shimsPercent));
    medians.set(subject, percents.median);
    rows.push([subject.name, showSpread(percents), showSpread(shims), runs.at(-1)?.kept ?? ""]);
  }
  const table = {
    title: `${TICKERS} services with ${LINES_A_SECOND} lines a second each: processor time of the supervisor, % of a core`,
    columns: ["", "all", "of it the shims", "lines kept"],
    rows,
    notes: [
      `Over ${TICK_MS / 1_000} s, from 5 s after the start on. Each service ended with the number of its last line; every file was read.`,
    ],
  };
  const percent = medians.get(workshop.muster) ?? Number.NaN;
  const aim = { aim: "10 000 lines/s at most 12 % of a core", measured: `${show(percent)} %`, met: percent <= 12 };
  return { tables: [table], aims: [aim] };
}
