import { Chance } from "./chance.ts";
import { brokenLaws, brokenPromises } from "./laws.ts";
import { befall } from "./misfortune.ts";
import { randomServices } from "./services.ts";
import { World } from "./world.ts";

/** Long enough for every back-off, deadline and revival of `randomServices` to pass. */
const CALM_MS = 4 * 3_600_000;

/** Runs one random fault schedule; gives the laws that it broke, the first moment of breach only. The same seed replays. */
export async function runSchedule(seed: number): Promise<readonly string[]> {
  const chance = new Chance(seed);
  const world = new World(randomServices(chance), chance);
  world.startDaemon();
  const steps = chance.between(5, 30);
  for (let index = 0; index < steps; index++) {
    await advance(world, chance.pick([1, 5, 50, 500, 5_000, 60_000]));
    befall(world, chance);
    const broken = brokenLaws(world);
    if (broken.length > 0) return broken.map((law) => `step ${index}: ${law} (${world.describe()})`);
  }
  await calmDown(world);
  const broken = [...brokenLaws(world), ...brokenPromises(world)];
  const result = broken.map((law) => `at the end: ${law} (${world.describe()})`);
  world.killDaemon();
  return result;
}

/** Every program behaves; a daemon that the end of a key service takes along is followed by another. */
async function calmDown(world: World): Promise<void> {
  world.host.calm();
  for (;;) {
    if (world.daemon === null) world.startDaemon();
    await advance(world, CALM_MS);
    world.endIfDone();
    if (world.daemon !== null) return;
  }
}

/** Time passes; the answers of scripted commands (promises) come in between. */
async function advance(world: World, durationMs: number): Promise<void> {
  await Promise.resolve();
  world.clock.advance(durationMs);
  await Promise.resolve();
  world.clock.advance(0);
}
