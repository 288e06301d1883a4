import type { OrderRequest } from "../../model/order.ts";
import type { Chance } from "./chance.ts";
import { randomStep } from "./configuration-steps.ts";
import type { Temper } from "./scripted-generation.ts";
import { SERVICE_NAMES } from "./services.ts";
import type { World } from "./world.ts";

/** What an unlucky hour brings, one thing at a time. */
export function befall(world: World, chance: Chance): void {
  if (chance.happens(0.5)) world.flushJournal();
  const dice = chance.between(0, 15);
  if (dice === 0) world.killDaemon();
  else if (dice === 1) world.host.killShim();
  else if (dice === 2) world.host.killLauncher();
  else if (dice === 3) world.clock.setWall(chance.between(0, 2) * 86_400_000_000);
  else if (dice === 4) world.apply(randomStep(world.services, chance));
  else if (dice < 13) world.order(randomOrder(chance));
  else world.host.temper = randomTemper(chance);
  world.endIfDone();
  if (world.daemon === null && chance.happens(0.7)) world.startDaemon();
}

const ORDERS = ["start", "start", "stop", "restart", "reload", "kill", "watch-off", "watch-on", "scale"] as const;

function randomOrder(chance: Chance): OrderRequest {
  const order = chance.pick(ORDERS);
  if (order === "scale") return { order, counts: { [chance.pick(SERVICE_NAMES)]: chance.between(0, 3) } };
  return { order, targets: [chance.pick([...SERVICE_NAMES, "web:1", "api:2"])] };
}

function randomTemper(chance: Chance): Temper {
  const some = (): number => chance.pick([0, 0, 0.1, 0.9]);
  return {
    launchFails: some(),
    crashes: some(),
    leavesChildren: some(),
    stubborn: some(),
    silent: some(),
    repairs: some(),
  };
}
