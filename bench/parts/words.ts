import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { startMailServer } from "../../test/support/mail-server.ts";
import { nowMs, until } from "../measure/clock.ts";
import { Marks } from "../measure/marks.ts";
import { show, showSpread, spreadOf } from "../measure/statistics.ts";
import type { Findings, Table } from "../report.ts";
import { endLeftOvers } from "../subjects/own-process.ts";
import type { Workshop } from "../workshop.ts";
import type { Part } from "./part.ts";
import { measureSpeakers } from "./speakers.ts";

const CALLS = 41;
const PAUSE_MS = 20;
const ALARMS = 9;
const LIMIT_MS = 30_000;
const MOST_VME_RATIO = 3;
const MOST_MAIL_MS = 1_000;

async function wallMs(command: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<number> {
  const beginMs = nowMs();
  const child = Bun.spawn([...command], { cwd: "/", env: environment, stdio: ["ignore", "ignore", "inherit"] });
  const code = await child.exited;
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}`);
  return nowMs() - beginMs;
}

/** Beside the bare start of a program on the same runtime; the word is on file when `vme` ends. */
async function measureVme(workshop: Workshop, say: (text: string) => void): Promise<Findings> {
  const directory = workshop.fresh();
  using marks = new Marks(workshop.freshMarks());
  const services = workshop.services(1, "rest", marks.path);
  await using running = await workshop.muster.start({ services, directory, restarts: "default", logs: false });
  const [begun] = await marks.wait("begin", 1, LIMIT_MS);
  const events = join(directory, "run/events");
  const socket = join(events, readdirSync(events)[0] ?? "");
  const vme = join(directory, "vme");
  symlinkSync(workshop.executable, vme);
  const commands = new Map<string, () => Promise<number>>([
    ["a compiled program that does nothing", () => wallMs([workshop.trivial])],
    ["`muster --version`", () => wallMs([workshop.executable, "--version"])],
    [
      "`vme id=log severity=warn msg=…`",
      // We are no process of the service and would not be believed: it waits for a barrier, not for the answer to its word.
      () => wallMs([vme, "id=log", "severity=warn", "msg=x"], { NOTIFY_SOCKET: socket }),
    ],
  ]);
  const foundMs = new Map<string, number[]>([...commands.keys()].map((name) => [name, []]));
  for (let call = 0; call < CALLS; call++) {
    for (const [name, measure] of commands) {
      foundMs.get(name)?.push(await measure());
      await Bun.sleep(PAUSE_MS);
    }
  }
  await running.stop();
  endLeftOvers([begun?.pid ?? 0]);
  const spreads = [...foundMs].map(([name, values]) => [name, spreadOf(values)] as const);
  const bareMs = spreads[0]?.[1].median ?? Number.NaN;
  const ratio = (spreads.at(-1)?.[1].median ?? Number.NaN) / bareMs;
  const rows = spreads.map(([name, spread]) => [name, showSpread(spread), `${show(spread.median / bareMs)}x`]);
  for (const row of rows) say(row.join(": "));
  const table: Table = {
    title: "`vme`: from its start to its end, with the word on file, ms",
    columns: ["", "ms", "x bare start"],
    rows,
    notes: [`${CALLS} calls each, in turn, ${PAUSE_MS} ms apart, before the event socket of a service.`],
  };
  const aim = `\`vme\` within ${MOST_VME_RATIO} x the bare start of the compiled executable`;
  return { tables: [table], aims: [{ aim, measured: `${show(ratio)} x`, met: ratio <= MOST_VME_RATIO }] };
}

/** @returns the ms from the alert's word to the moment in which the server has the mail */
async function mailMs(workshop: Workshop): Promise<number> {
  const arrived = Promise.withResolvers<number>();
  const server = await startMailServer({ withoutTls: true, onMail: () => arrived.resolve(nowMs()) });
  try {
    using marks = new Marks(workshop.freshMarks());
    const services = workshop.services(1, "alarm", marks.path);
    const settings = `[alerts.mail.ops]\nserver = "smtp://127.0.0.1:${server.port}"\ntls = "never"\nto = ["ops@example.org"]\n`;
    const plan = { services, directory: workshop.fresh(), restarts: "default", logs: false, settings } as const;
    await using running = await workshop.muster.start(plan);
    const [begun] = await marks.wait("begin", 1, LIMIT_MS);
    // Past `start.wait`, and what the daemon does at its own start.
    await Bun.sleep(2_000);
    process.kill(begun?.pid ?? 0, "SIGUSR1");
    const [said] = await marks.wait("done", 1, LIMIT_MS);
    const late = until<number>("the mail", LIMIT_MS, () => undefined);
    const arrivedMs = await Promise.race([arrived.promise, late]);
    late.catch(() => {});
    await running.stop();
    endLeftOvers([begun?.pid ?? 0]);
    return arrivedMs - (said?.atMs ?? Number.NaN);
  } finally {
    await server.close();
  }
}

async function measureMail(workshop: Workshop, say: (text: string) => void): Promise<Findings> {
  const foundMs: number[] = [];
  for (let alarm = 0; alarm < ALARMS; alarm++) foundMs.push(await mailMs(workshop));
  const spread = spreadOf(foundMs);
  say(`mail: ${showSpread(spread)} ms`);
  const table: Table = {
    title: "From the word of an alert to the mail in the hands of the server, ms",
    columns: ["", "ms"],
    rows: [["`group_wait` as by default, 500 ms", showSpread(spread)]],
    notes: [`${ALARMS} daemons, one alert each; the server is a real one on loopback, without TLS.`],
  };
  const aim = "from the cause to the mail handed to the server at most 1 s";
  return {
    tables: [table],
    aims: [{ aim, measured: `${show(spread.median)} ms`, met: spread.median <= MOST_MAIL_MS }],
  };
}

export const words: Part = {
  name: "words",
  async measure(workshop, say): Promise<Findings> {
    const found = [await measureVme(workshop, say)];
    if (workshop.compiled) found.push(await measureSpeakers(workshop, say), await measureMail(workshop, say));
    else say("the figures of speaking services need a C compiler; left out");
    return { tables: found.flatMap(({ tables }) => tables), aims: found.flatMap(({ aims }) => aims) };
  },
};
