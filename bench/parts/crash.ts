import { nowMs } from "../measure/clock.ts";
import { Marks } from "../measure/marks.ts";
import { quantile, show } from "../measure/statistics.ts";
import type { Aim, Findings } from "../report.ts";
import { endLeftOvers } from "../subjects/own-process.ts";
import type { Subject } from "../subjects/subject.ts";
import type { Workshop } from "../workshop.ts";
import type { Part } from "./part.ts";

const SERVICES = 100;
const KILLS = 200;
const KILLS_OF_SLOW = 24;
const LIMIT_MS = 30_000;
/** Below Muster's default limit of 20 restarts in a second, and each service lives for over 6 s between its kills. */
const FIRST_PAUSE_MS = 65;
const LOOP_PAUSE_MS = 20;
/** The kills of a case are spread over so many turns, in which the supervisors take their places. */
const TURNS = 2;

type Case = "first" | "loop";

/** @returns for each kill the ms from it to the first act of the replacement */
async function crash(workshop: Workshop, subject: Subject, kind: Case, kills: number): Promise<readonly number[]> {
  using marks = new Marks(workshop.freshMarks());
  const services = workshop.services(SERVICES, "rest", marks.path);
  const plan = { services, directory: workshop.fresh(), restarts: kind, logs: false } as const;
  await using running = await subject.start(plan);
  const begun = await marks.wait("begin", SERVICES, LIMIT_MS);
  await Bun.sleep(2_500);
  const pids = new Map(begun.map((mark) => [mark.name, mark.pid]));
  const latenciesMs: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const name = kind === "loop" ? "s7" : `s${(kill % SERVICES) + 1}`;
    marks.read();
    const after = marks.all.length;
    const killedMs = nowMs();
    process.kill(pids.get(name) ?? 0, "SIGKILL");
    const next = await marks.next(name, "begin", after, LIMIT_MS);
    latenciesMs.push(next.atMs - killedMs);
    pids.set(name, next.pid);
    await Bun.sleep(kind === "loop" ? LOOP_PAUSE_MS : FIRST_PAUSE_MS);
  }
  await running.stop();
  endLeftOvers([...pids.values()]);
  return latenciesMs;
}

function cells(latenciesMs: readonly number[], floor: readonly number[] | null): string {
  const p50 = quantile(latenciesMs, 0.5);
  const text = `${show(p50)} / ${show(quantile(latenciesMs, 0.99))} / ${show(Math.max(...latenciesMs))} (n=${latenciesMs.length})`;
  return floor === null ? text : `${text} ; ${show(p50 / quantile(floor, 0.5))}x`;
}

export const crashes: Part = {
  name: "crash",
  async measure(workshop, say): Promise<Findings> {
    const found = new Map<string, Map<Case, number[]>>();
    for (const subject of workshop.subjects)
      found.set(
        subject.name,
        new Map([
          ["first", []],
          ["loop", []],
        ]),
      );
    for (let turn = 0; turn < TURNS; turn++) {
      for (const kind of ["first", "loop"] as const) {
        for (const subject of workshop.subjects) {
          const kills = (subject.slow ? KILLS_OF_SLOW : KILLS) / TURNS;
          const latenciesMs = await crash(workshop, subject, kind, kills);
          found
            .get(subject.name)
            ?.get(kind)
            ?.push(...latenciesMs);
          say(`${subject.name}, ${kind}: ${cells(latenciesMs, null)}`);
        }
      }
    }
    const of = (name: string, kind: Case): number[] => found.get(name)?.get(kind) ?? [];
    const rows = workshop.subjects.map((subject) => {
      const floor = (kind: Case): number[] | null => (subject === workshop.floor ? null : of("floor", kind));
      return [
        subject.name,
        cells(of(subject.name, "first"), floor("first")),
        cells(of(subject.name, "loop"), floor("loop")),
      ];
    });
    const median = (kind: Case): number => quantile(of(workshop.muster.name, kind), 0.5);
    const aimOf = (kind: Case, what: string): Aim => ({
      aim: `${what} replaced within 2.5 ms at the median`,
      measured: `${show(median(kind))} ms`,
      met: median(kind) <= 2.5,
    });
    const tables = [
      {
        title:
          "Crash: from SIGKILL of a service to the first act of its replacement, ms: p50 / p99 / most; x floor at p50",
        columns: ["", "a first crash", "crashes again at once"],
        rows,
        notes: [
          `${SERVICES} services are up; run directories on tmpfs. First crash: one service after the other, ${FIRST_PAUSE_MS} ms apart, \`start.wait\` 1 s and \`restart_limit\` as by default,`,
          `\`backoff.reset = "100ms"\`. Again at once: the same service, ${LOOP_PAUSE_MS} ms after each start, \`backoff.free\` high, \`start.wait = "0s"\`, \`restart_limit\` off.`,
        ],
      },
    ];
    return { tables, aims: [aimOf("first", "a first crash"), aimOf("loop", "one that crashes again at once")] };
  },
};
