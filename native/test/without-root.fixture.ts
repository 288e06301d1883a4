// Run as a user without rights by without-root.test.ts; prints what became of each start, one JSON value a line.
import { writeFileSync } from "node:fs";
import type { ProgramSpec } from "../../src/platform/shim/spec-file.ts";
import { TestRun } from "../../src/platform/shim/testing/test-run.ts";
import { saidOf, speaking } from "./events.ts";

const cases: Readonly<Record<string, Partial<ProgramSpec>>> = {
  nothing: {},
  nice: { nice: -5 },
  groups: { groups: [0] },
  gid: { gid: 0 },
  uid: { uid: 0 },
  limit: { limits: [{ resource: 7, soft: null, hard: null }] },
  directory: { directory: "/root" },
  lower: { nice: 5, limits: [{ resource: 7, soft: 64, hard: 64 }] },
};

await using run = new TestRun();
for (const [name, spec] of Object.entries(cases)) {
  const generation = run.shell("id -u; ulimit -n; nice", spec);
  await generation.ring("empty");
  const failed = generation.lines.find((record) => record.kind === "failed")?.failed ?? null;
  console.log(JSON.stringify({ name, failed, out: generation.out() }));
}
// A shim that was killed is replaced without root too: by the FIFO's name.
const generation = run.shell("echo one; kill -STOP $$; echo two");
await run.until("a line", () => generation.out() === "one\n");
const killed = generation.shimPid();
run.kill(killed, 9);
await run.until("gone", () => run.reports.length === 1);
run.launcher.adopt(generation.directory);
await run.until("the next shim", () => generation.shimPid() !== killed);
run.kill(await generation.programPid(), 18);
await run.until("the second line", () => generation.out() === "one\ntwo\n");
writeFileSync(1, `${JSON.stringify({ name: "adopted", failed: null, out: generation.out() })}\n`);
// So is what is said heard.
const speaker = run.shell("$SPEAK 'say READY=1' barrier", speaking(run));
await speaker.ring("empty");
const said = saidOf(speaker).map(({ uid, sender, text }) => `${uid} ${sender} ${text}`);
writeFileSync(1, `${JSON.stringify({ name: "said", failed: null, out: said.join() })}\n`);
