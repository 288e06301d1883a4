import { expect, test } from "bun:test";
import { runSchedule } from "./schedule.ts";

const SCHEDULES = 10_000;
const FIRST_SEED = Number(process.env.MUSTER_SIMULATION_SEED ?? 1);

test(`${SCHEDULES} random fault schedules break no law`, async () => {
  const failures: string[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES && failures.length < 5; seed++) {
    const broken = await runSchedule(seed);
    if (broken.length > 0) failures.push(`MUSTER_SIMULATION_SEED=${seed}: ${broken.join("; ")}`);
  }
  expect(failures).toEqual([]);
});
