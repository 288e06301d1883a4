import { nowMs } from "../measure/clock.ts";
import { Marks } from "../measure/marks.ts";
import { show, showSpread, spreadOf } from "../measure/statistics.ts";
import type { Table } from "../report.ts";
import { endLeftOvers } from "../subjects/own-process.ts";
import type { Subject } from "../subjects/subject.ts";
import type { Workshop } from "../workshop.ts";
import type { Part } from "./part.ts";

const COUNTS = [1, 100, 500] as const;
const RUNS = 7;
const RUNS_OF_OTHERS = 3;
const LIMIT_MS = 120_000;

interface Life {
  /** from the start of the supervisor to the first act of the last service */
  readonly bootMs: number;
  /** from TERM to the last act of the last service */
  readonly servicesGoneMs: number;
  /** from TERM to the end of the supervisor */
  readonly goneMs: number;
}

async function live(workshop: Workshop, subject: Subject, count: number, place?: string): Promise<Life> {
  using marks = new Marks(workshop.freshMarks());
  const services = workshop.services(count, "rest", marks.path);
  const directory = workshop.fresh(place);
  const beginMs = nowMs();
  await using running = await subject.start({ services, directory, restarts: "default", logs: false });
  const begun = await marks.wait("begin", count, LIMIT_MS);
  await Bun.sleep(1_500);
  const stopMs = nowMs();
  await running.stop();
  const goneMs = nowMs() - stopMs;
  marks.read();
  const ends = marks.all.filter((mark) => mark.step === "end").map((mark) => mark.atMs);
  endLeftOvers(begun.map((mark) => mark.pid));
  return {
    bootMs: Math.max(...begun.map((mark) => mark.atMs)) - beginMs,
    servicesGoneMs: ends.length < count ? Number.NaN : Math.max(...ends) - stopMs,
    goneMs,
  };
}

type Lives = Map<string, Map<number, Life[]>>;

async function liveAll(workshop: Workshop, say: (text: string) => void): Promise<Lives> {
  const lives: Lives = new Map(
    workshop.subjects.map(({ name }) => [name, new Map(COUNTS.map((count) => [count, []]))]),
  );
  for (let run = 0; run < RUNS; run++) {
    for (const count of COUNTS) {
      for (const subject of workshop.subjects) {
        const isOther = workshop.others.includes(subject);
        if (isOther && run >= RUNS_OF_OTHERS) continue;
        const life = await live(workshop, subject, count);
        lives.get(subject.name)?.get(count)?.push(life);
        say(`${subject.name}, ${count} services: boot ${show(life.bootMs)} ms, stop ${show(life.goneMs)} ms`);
      }
    }
  }
  return lives;
}

function tableOf(workshop: Workshop, lives: Lives, title: string, value: (life: Life) => number, note: string): Table {
  const medianOf = (name: string, count: number): number =>
    spreadOf((lives.get(name)?.get(count) ?? []).map(value)).median;
  const rows = workshop.subjects.map((subject) => [
    `${subject.name}`,
    ...COUNTS.map((count) => {
      const spread = spreadOf((lives.get(subject.name)?.get(count) ?? []).map(value));
      const ratio = spread.median / medianOf("floor", count);
      return subject === workshop.floor ? showSpread(spread) : `${showSpread(spread)} ; ${show(ratio)}x`;
    }),
  ]);
  return { title, columns: ["", ...COUNTS.map((count) => `${count}`)], rows, notes: [note] };
}

export const boot: Part = {
  name: "boot",
  async measure(workshop, say) {
    const lives = await liveAll(workshop, say);
    const onDisk = await live(workshop, workshop.muster, 100, workshop.disk);
    say(`on the disk: ${show(onDisk.bootMs)} ms`);
    const tables = [
      tableOf(
        workshop,
        lives,
        "Start: from the daemon's start to the first act of the last of n services, ms; x floor",
        (life) => life.bootMs,
        `State and run directories on tmpfs, each fresh. With both on the disk of the temporary directory, once, 100 services: ${show(onDisk.bootMs)} ms.`,
      ),
      tableOf(
        workshop,
        lives,
        "Stop: from TERM to the last act of the last of n services, ms; x floor",
        (life) => life.servicesGoneMs,
        "A service's last act is its own mark when it is asked to end. PM2 is ended by `pm2 kill`, which sends INT.",
      ),
      tableOf(
        workshop,
        lives,
        "Stop: from TERM to the end of the supervisor, ms; x floor",
        (life) => life.goneMs,
        "Muster has then seen that each tree is empty, written its journal and closed it.",
      ),
    ];
    const [own, least] = [workshop.muster, workshop.floor].map(
      ({ name }) => spreadOf((lives.get(name)?.get(500) ?? []).map((life) => life.bootMs)).median,
    );
    const ratio = (own ?? Number.NaN) / (least ?? Number.NaN);
    return {
      tables,
      aims: [{ aim: "500 running within 2 x the floor", measured: `${show(ratio)} x`, met: ratio <= 2 }],
    };
  },
};
