import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readGeneration } from "../../src/platform/shim/generation-directory.ts";
import { TestRun } from "../../src/platform/shim/testing/test-run.ts";
import { saidOf, speaking } from "./events.ts";

const SIGKILL = 9;

test("the shim for arm64 starts, moves, rotates, hears, records and adopts, under emulation", async () => {
  const emulator = Bun.which("qemu-aarch64-static");
  if (!emulator) return console.log("skipped: qemu-aarch64-static is not installed");
  await using directory = new TestRun({ bell: false });
  const shim = join(directory.directory, "shim-arm64");
  writeFileSync(shim, `#!/bin/sh\nexec ${emulator} ${join(import.meta.dir, "../bin/shim-arm64")} "$@"\n`, {
    mode: 0o700,
  });
  await using run = new TestRun({ shim });
  const numbers = run.start(["seq", "1", "100000"], { umask: 0o22, nice: 1 }, { sizeBytes: 200_000 });
  await numbers.ring("empty");
  expect((await numbers.ring("exit")).exit).toMatchObject({ kind: "code", code: 0 });
  expect(numbers.lines.filter((record) => record.kind === "rotated").length).toBe(2);
  expect(numbers.out()).toEndWith("99999\n100000\n");
  const spoken = run.start(
    ["/bin/sh", "-c", "echo >&4; exec $SPEAK 'say READY=1' barrier"],
    speaking(run, { readyFd: 4 }),
  );
  await spoken.ring("empty");
  await spoken.ring("ready");
  expect(saidOf(spoken).map(({ sender, text }) => [sender, text])).toEqual([["main", "READY=1"]]);
  const missing = run.start(["no-such-program"]);
  expect((await missing.ring("failed")).failed.step).toBe("exec");
  const generation = run.shell("echo one; kill -STOP $$; echo two");
  await run.until("the first line", () => generation.out() === "one\n");
  const killed = generation.shimPid();
  run.kill(killed, SIGKILL);
  await run.until("gone", () => run.reports.length === 1);
  run.launcher.adopt(generation.directory);
  await run.until("the next shim", () => generation.shimPid() !== killed);
  run.kill(await generation.programPid(), 18);
  await run.until("the second line", () => generation.out() === "one\ntwo\n");
  await generation.ring("exit");
  expect(readGeneration(generation.directory).exit?.kind).toBe("unknown");
});
