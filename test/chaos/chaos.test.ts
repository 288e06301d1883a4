import { describe, expect, test } from "bun:test";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { runChaos } from "./run-chaos.ts";

const SEED = Number(process.env.MUSTER_CHAOS_SEED ?? Math.floor(Math.random() * 1_000_000));
const KILLS = Number(process.env.MUSTER_CHAOS_KILLS ?? 5);
const LIMIT_MS = 60_000;

describe(`20 services lose nothing (MUSTER_CHAOS_SEED=${SEED})`, () => {
  for (const alsoShims of [false, true]) {
    const victims = alsoShims ? "the daemon, shims and the launcher are" : "the daemon is";
    test(
      `while ${victims} killed ${KILLS} times`,
      async () => {
        using directory = temporaryDirectory("chaos");
        const { faults, ...counts } = await runChaos({
          seed: SEED,
          kills: KILLS,
          alsoShims,
          directory: directory.path,
        });
        console.log(`MUSTER_CHAOS_SEED=${SEED}: ${JSON.stringify(counts)}`);
        expect(faults).toEqual([]);
        expect(counts.lines).toBeGreaterThan(1_000);
        expect(counts.ends).toBeGreaterThan(20);
      },
      LIMIT_MS,
    );
  }
});
