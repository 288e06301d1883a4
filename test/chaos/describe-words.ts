import { describe, expect, test } from "bun:test";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { runChaos } from "./run-chaos.ts";
import { verifyWords } from "./verify-words.ts";
import { SPEAKERS } from "./word-services.ts";

export interface WordsSuite {
  readonly kills: number;
  readonly limitMs: number;
  /** fewer show that the chaos itself did not come about */
  readonly leastWords: number;
  readonly leastReady: number;
}

/** `MUSTER_CHAOS_SEED` and `MUSTER_CHAOS_KILLS` as in describe-chaos.ts. */
export function describeWords(suite: WordsSuite): void {
  const seed = Number(process.env.MUSTER_CHAOS_SEED ?? Math.floor(Math.random() * 1_000_000));
  const kills = Number(process.env.MUSTER_CHAOS_KILLS ?? suite.kills);
  describe(`what services say is heard once (MUSTER_CHAOS_SEED=${seed})`, () => {
    for (const alsoShims of [false, true]) {
      const victims = alsoShims ? "the daemon, shims and the launcher are" : "the daemon is";
      test(
        `while ${victims} killed ${kills} times`,
        async () => {
          using directory = temporaryDirectory("chaos");
          const options = { seed, kills, alsoShims, directory: directory.path };
          const { faults, ...counts } = await runChaos(options, { ...SPEAKERS, verify: verifyWords });
          console.log(`MUSTER_CHAOS_SEED=${seed}: ${JSON.stringify(counts)}`);
          expect(faults).toEqual([]);
          expect(counts.confirmed).toBeGreaterThan(suite.leastWords);
          expect(counts.ready).toBeGreaterThan(suite.leastReady);
        },
        suite.limitMs,
      );
    }
  });
}
