import { describe, expect, test } from "bun:test";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { WRITERS } from "./chaos-services.ts";
import { runChaos } from "./run-chaos.ts";
import { verify } from "./verify.ts";

export interface ChaosSuite {
  readonly kills: number;
  readonly limitMs: number;
  /** fewer show that the chaos itself did not come about */
  readonly leastLines: number;
  readonly leastEnds: number;
}

/** `MUSTER_CHAOS_SEED=<n>` gives the same orders and pauses again, `MUSTER_CHAOS_KILLS=<n>` more or fewer kills. */
export function describeChaos(suite: ChaosSuite): void {
  const seed = Number(process.env.MUSTER_CHAOS_SEED ?? Math.floor(Math.random() * 1_000_000));
  const kills = Number(process.env.MUSTER_CHAOS_KILLS ?? suite.kills);
  describe(`20 services lose nothing (MUSTER_CHAOS_SEED=${seed})`, () => {
    for (const alsoShims of [false, true]) {
      const victims = alsoShims ? "the daemon, shims and the launcher are" : "the daemon is";
      test(
        `while ${victims} killed ${kills} times`,
        async () => {
          using directory = temporaryDirectory("chaos");
          const options = { seed, kills, alsoShims, directory: directory.path };
          const { faults, ...counts } = await runChaos(options, { ...WRITERS, verify });
          console.log(`MUSTER_CHAOS_SEED=${seed}: ${JSON.stringify(counts)}`);
          expect(faults).toEqual([]);
          expect(counts.lines).toBeGreaterThan(suite.leastLines);
          expect(counts.ends).toBeGreaterThan(suite.leastEnds);
        },
        suite.limitMs,
      );
    }
  });
}
