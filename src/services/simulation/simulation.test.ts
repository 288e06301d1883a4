import { describe, expect, test } from "bun:test";
import { runSchedule } from "./schedule.ts";

const BATCHES = 50;
const SCHEDULES_A_BATCH = 200;
const FIRST_SEED = Number(process.env.MUSTER_SIMULATION_SEED ?? 1);

describe(`${BATCHES * SCHEDULES_A_BATCH} random fault schedules break no law`, () => {
  for (let batch = 0; batch < BATCHES; batch++) {
    const first = FIRST_SEED + batch * SCHEDULES_A_BATCH;
    test(`seeds ${first} to ${first + SCHEDULES_A_BATCH - 1}`, async () => {
      const failures: string[] = [];
      for (let seed = first; seed < first + SCHEDULES_A_BATCH && failures.length < 5; seed++) {
        const broken = await runSchedule(seed);
        if (broken.length > 0) failures.push(`MUSTER_SIMULATION_SEED=${seed}: ${broken.join("; ")}`);
      }
      expect(failures).toEqual([]);
    });
  }
});
