import { nowMs, until } from "../measure/clock.ts";
import { Journaled } from "../measure/journaled.ts";
import { Victim } from "../measure/kills.ts";
import { Marks } from "../measure/marks.ts";
import { cpuOfAllMs } from "../measure/processes.ts";
import { quantile, show } from "../measure/statistics.ts";
import type { Findings } from "../report.ts";
import { endLeftOvers } from "../subjects/own-process.ts";
import type { Running, Service } from "../subjects/subject.ts";
import type { Workshop } from "../workshop.ts";

const SPEAKERS = 200;
/** each; together somewhat more than is aimed at */
const WORDS_A_SECOND = 105;
const KILLS = 40;
const KILL_PAUSE_MS = 130;
const CALM_MS = 3_000;
const SPEAK_MS = 8_000;
const AWAY_MS = 4_000;
const LIMIT_MS = 60_000;
const LEAST_A_SECOND = 20_000;
const MOST_RATIO = 2;
const SETTINGS = '[daemon.journal]\nmax = "4GB"\n[alerts]\nsuppress = { events = 0 }\ncrash_loop = 1000\n';

interface Found {
  readonly idleMs: readonly number[];
  readonly busyMs: readonly number[];
  readonly saidPerSecond: number;
  readonly journaledPerSecond: number;
  /** of one core, while they spoke */
  readonly percent: Readonly<Record<"daemon" | "shims" | "speakers", number>>;
  /** words that were said while the daemon was held, and are then read */
  readonly caughtUp: number;
  readonly caughtUpPerSecond: number;
}

/** One after the other for so long; with a pause of about a word's time between. */
async function killFor(victim: Victim, durationMs: number): Promise<readonly number[]> {
  const endMs = nowMs() + durationMs;
  const tookMs: number[] = [];
  while (nowMs() < endMs && tookMs.length < KILLS) {
    tookMs.push(await victim.kill());
    await Bun.sleep(KILL_PAUSE_MS);
  }
  while (nowMs() < endMs) await Bun.sleep(5);
  return tookMs;
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, signal);
}

function withVictim(workshop: Workshop, marks: Marks): readonly Service[] {
  const [rest] = workshop.services(1, "rest", marks.path);
  const victim = { name: "victim", command: [...(rest?.command ?? []).slice(0, 3), "victim"] };
  return [victim, ...workshop.services(SPEAKERS, "speak", marks.path, [WORDS_A_SECOND])];
}

async function measureOnce(workshop: Workshop): Promise<Found> {
  using marks = new Marks(workshop.freshMarks());
  const services = withVictim(workshop, marks);
  const state = workshop.fresh(workshop.disk);
  const plan = {
    services,
    directory: workshop.fresh(),
    state,
    restarts: "loop",
    logs: false,
    settings: SETTINGS,
  } as const;
  await using running = await workshop.muster.start(plan);
  const begun = await marks.wait("begin", services.length, LIMIT_MS);
  await Bun.sleep(CALM_MS);
  using journaled = new Journaled(state);
  const victim = new Victim(marks, "victim", begun.find((mark) => mark.name === "victim")?.pid ?? 0);
  const speakers = begun.filter((mark) => mark.name !== "victim").map((mark) => mark.pid);
  const idleMs = await killFor(victim, KILLS * KILL_PAUSE_MS);
  const spoken = await speakAndKill(running, speakers, victim, journaled);
  const [daemon] = running.daemons();
  const caught = await catchUp(daemon ?? 0, speakers, marks, journaled);
  await running.stop();
  endLeftOvers(begun.map((mark) => mark.pid));
  return { idleMs, ...spoken, ...caught };
}

async function speakAndKill(running: Running, speakers: readonly number[], victim: Victim, journaled: Journaled) {
  const [daemons, shims] = [running.daemons(), running.shims()];
  const cpu = () => [cpuOfAllMs(daemons), cpuOfAllMs(shims), cpuOfAllMs(speakers)] as const;
  signalAll(speakers, "SIGUSR1");
  await Bun.sleep(500);
  const [before, countBefore, beginMs] = [cpu(), journaled.count(), nowMs()];
  const busyMs = await killFor(victim, SPEAK_MS);
  const [after, countAfter, tookMs] = [cpu(), journaled.count(), nowMs() - beginMs];
  const percentOf = (index: 0 | 1 | 2): number => ((after[index] - before[index]) / tookMs) * 100;
  return {
    busyMs,
    saidPerSecond: SPEAKERS * WORDS_A_SECOND,
    journaledPerSecond: ((countAfter - countBefore) / tookMs) * 1_000,
    percent: { daemon: percentOf(0), shims: percentOf(1), speakers: percentOf(2) },
  };
}

/** The daemon is held while they speak on, and then has what is on file all to itself. */
async function catchUp(daemon: number, speakers: readonly number[], marks: Marks, journaled: Journaled) {
  process.kill(daemon, "SIGSTOP");
  await Bun.sleep(AWAY_MS);
  signalAll(speakers, "SIGUSR2");
  const done = await marks.wait("done", SPEAKERS, LIMIT_MS);
  const said = done.reduce((sum, mark) => sum + mark.lines, 0);
  const before = journaled.count();
  const beginMs = nowMs();
  process.kill(daemon, "SIGCONT");
  const endMs = await until(
    "all words in the journal",
    LIMIT_MS,
    () => (journaled.count() >= said ? nowMs() : undefined),
    50,
  );
  const caughtUp = journaled.count() - before;
  return { caughtUp, caughtUpPerSecond: (caughtUp / (endMs - beginMs)) * 1_000 };
}

/** What many services say at once, and what it costs another one that is started again. */
export async function measureSpeakers(workshop: Workshop, say: (text: string) => void): Promise<Findings> {
  const found = await measureOnce(workshop);
  const [idle, busy] = [quantile(found.idleMs, 0.5), quantile(found.busyMs, 0.5)];
  const percent = Object.entries(found.percent).map(([who, share]) => `${who} ${show(share)} %`);
  const latency = (ms: readonly number[]): string =>
    `${show(quantile(ms, 0.5))} / ${show(Math.max(...ms))} (n=${ms.length})`;
  const rows = [
    ["said, events/s", show(found.saidPerSecond)],
    ["on disk in the journal, events/s", show(found.journaledPerSecond)],
    ["restart of another service meanwhile, ms: p50 / most", latency(found.busyMs)],
    ["the same before, while all are silent", latency(found.idleMs)],
    ["processor meanwhile, of one core", percent.join(", ")],
    [`${found.caughtUp} words that wait on file when nobody speaks, events/s`, show(found.caughtUpPerSecond)],
  ];
  for (const row of rows) say(row.join(": "));
  return {
    tables: [
      {
        title: `${SPEAKERS} services that speak`,
        columns: ["", ""],
        rows,
        notes: [
          `Each says ${WORDS_A_SECOND} warnings a second, one by one; suppression is off. The state directory is on the disk of the temporary directory, the run directory on tmpfs.`,
          `Speakers, shims and the daemon share the processors. For the last row the daemon is held for ${AWAY_MS / 1_000} s by STOP while the services speak on; then they are silent.`,
        ],
      },
    ],
    aims: [
      {
        aim: `at least ${LEAST_A_SECOND} events/s journaled durably from ${SPEAKERS} instances`,
        measured: `${show(found.journaledPerSecond)}/s`,
        met: found.journaledPerSecond >= LEAST_A_SECOND,
      },
      {
        aim: `meanwhile a restart within ${MOST_RATIO} x its idle figure`,
        measured: `${show(busy / idle)} x`,
        met: busy / idle <= MOST_RATIO,
      },
    ],
  };
}
