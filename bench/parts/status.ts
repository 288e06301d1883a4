import { nowMs } from "../measure/clock.ts";
import { Marks } from "../measure/marks.ts";
import { show, showSpread, spreadOf } from "../measure/statistics.ts";
import type { Findings } from "../report.ts";
import { endLeftOvers } from "../subjects/own-process.ts";
import type { Running } from "../subjects/subject.ts";
import type { Part } from "./part.ts";

const SERVICES = 100;
const RUNS = 41;
const RUNS_OF_OTHERS = 9;
const LIMIT_MS = 30_000;

async function wallMs(command: readonly string[]): Promise<number> {
  const beginMs = nowMs();
  const child = Bun.spawn([...command], { cwd: "/", stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  await Promise.all([child.exited, new Response(child.stdout).arrayBuffer()]);
  return nowMs() - beginMs;
}

export const status: Part = {
  name: "status",
  async measure(workshop, say): Promise<Findings> {
    await using stack = new AsyncDisposableStack();
    const kept: { name: string; running: Running; pids: readonly number[] }[] = [];
    for (const subject of [workshop.muster, ...workshop.others]) {
      const marks = stack.use(new Marks(workshop.freshMarks()));
      const services = workshop.services(SERVICES, "rest", marks.path);
      const plan = { services, directory: workshop.fresh(), restarts: "default", logs: false } as const;
      const running = stack.use(await subject.start(plan));
      const begun = await marks.wait("begin", SERVICES, LIMIT_MS);
      kept.push({ name: subject.name, running, pids: begun.map((mark) => mark.pid) });
    }
    await Bun.sleep(5_000);
    const commands = new Map<string, readonly string[]>([
      ["a compiled program that does nothing", [workshop.trivial]],
      ["`muster --version`", [workshop.executable, "--version"]],
    ]);
    for (const { name, running } of kept) if (running.status !== null) commands.set(`${name}: status`, running.status);
    const foundMs = new Map<string, number[]>([...commands.keys()].map((name) => [name, []]));
    for (let run = 0; run < RUNS; run++) {
      for (const [name, command] of commands) {
        const isOther = command[0] !== workshop.executable && command[0] !== workshop.trivial;
        if (isOther && run >= RUNS_OF_OTHERS) continue;
        foundMs.get(name)?.push(await wallMs(command));
        await Bun.sleep(20);
      }
    }
    for (const { running, pids } of kept) {
      await running.stop();
      endLeftOvers(pids);
    }
    const bareMs = spreadOf(foundMs.get("a compiled program that does nothing") ?? []).median;
    const rows = [...foundMs].map(([name, values]) => {
      const spread = spreadOf(values);
      return [name, showSpread(spread), `${show(spread.median / bareMs)}x`];
    });
    for (const row of rows) say(row.join(": "));
    const ratio = spreadOf(foundMs.get(`${workshop.muster.name}: status`) ?? []).median / bareMs;
    const tables = [
      {
        title: `Command line: from the start of the command to its end, with ${SERVICES} services, ms`,
        columns: ["", "ms", "x bare start"],
        rows,
        notes: [`${RUNS} runs (others: ${RUNS_OF_OTHERS}), in turn, 20 ms apart, output to a pipe.`],
      },
    ];
    const aim = "`muster status` within 3 x the bare start of the compiled executable";
    return { tables, aims: [{ aim, measured: `${show(ratio)} x`, met: ratio <= 3 }] };
  },
};
