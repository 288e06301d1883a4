/** `vme` of the executable: how long it takes, and what a thousand calls leave behind. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeToolsDirectory } from "../../src/platform/tools-directory.ts";
import { EventReceiver } from "../support/event-receiver.ts";
import { failOnLeaks } from "../support/leak-check.ts";
import { runInService } from "../support/speaking.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const ROOT = join(import.meta.dir, "../..");
const BUILD_LIMIT_MS = 60_000;
const CALLS = 1_000;
const CALLS_LIMIT_MS = 60_000;
const STARTS = 25;
const LONGEST_RATIO = 3;

failOnLeaks();

describe("vme of the executable", () => {
  let directory: TemporaryDirectory;
  let receiver: EventReceiver;
  let executable = "";

  beforeAll(async () => {
    directory = temporaryDirectory("vme-executable");
    executable = directory.file("muster");
    const build = Bun.spawnSync([process.execPath, "scripts/build.ts", "--outfile", executable], { cwd: ROOT });
    if (build.exitCode !== 0) throw new Error(`cannot build: ${build.stderr}`);
    makeToolsDirectory(directory.file("tools"), [executable]);
    receiver = await EventReceiver.start(directory.file("socket"));
  }, BUILD_LIMIT_MS);

  afterAll(async () => {
    await receiver[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });

  test(
    "a thousand calls in a row leave no process, descriptor, file or memory",
    async () => {
      const seen = () => ({
        files: readdirSync(directory.path, { recursive: true }).sort(),
        descriptors: readdirSync(`/proc/${receiver.pid}/fd`).length,
        sockets: readFileSync("/proc/net/unix", "utf8").split(directory.path).length,
      });
      const callTimes = async (calls: number) => {
        const script = `i=0; while [ $i -lt ${calls} ]; do i=$((i+1)); vme id=log msg="line $i" || exit; done`;
        const environment = { MUSTER_SOCKET: receiver.socket, TMPDIR: directory.path };
        const running = runInService(script, directory.file("tools"), environment);
        for (let number = 1; number <= calls; number++) {
          const { notification, alive } = await receiver.nextConfirmed();
          expect(notification.saying).toEqual({ id: "log", severity: "info", message: `line ${number}` });
          expect(alive).toBe(true);
        }
        expect(await running).toMatchObject({ code: 0, err: "" });
      };
      await callTimes(1);
      const before = seen();
      await callTimes(CALLS);
      expect(seen()).toEqual(before);
    },
    CALLS_LIMIT_MS,
  );

  test(`takes at most ${LONGEST_RATIO} times as long as the executable needs to begin`, async () => {
    const timeOf = (words: string[]) => {
      const beginMs = performance.now();
      const child = Bun.spawnSync(words, { env: { MUSTER_SOCKET: receiver.socket }, stdout: "ignore" });
      expect(child.exitCode).toBe(0);
      return performance.now() - beginMs;
    };
    const vme: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < STARTS; round++) {
      bare.push(timeOf([executable, "--version"]));
      vme.push(timeOf([directory.file("tools", "vme"), "id=started_ok"]));
      await receiver.nextConfirmed();
    }
    expect(median(vme) / median(bare)).toBeLessThanOrEqual(LONGEST_RATIO);
  });
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
