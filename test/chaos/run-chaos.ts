import type { OrderRequest } from "../../src/model/order.ts";
import { Chance } from "../../src/services/simulation/chance.ts";
import { waitFor } from "../support/wait-for.ts";
import { ChaosHost, type ChaosLoad } from "./chaos-host.ts";

export interface ChaosOptions {
  readonly seed: number;
  /** how many times the daemon is killed */
  readonly kills: number;
  /** shims and the launcher are killed too */
  readonly alsoShims: boolean;
  /** an empty directory with a short path */
  readonly directory: string;
}

/** The load, and the comparison of what its programs noted with what Muster kept. */
export interface ChaosPlan<Verdict extends { readonly faults: readonly string[] }> extends ChaosLoad {
  verify(host: ChaosHost, directory: string): Verdict;
}

/** A daemon has at most so long, from its start or from its first answer, before it is killed. */
const LONGEST_LIFE_MS = 1_200;
const LONGEST_ABSENCE_MS = 250;
const MOST_SHIMS_AT_ONCE = 3;

/**
 * Services work, crash and are ordered about while Muster is killed under them; then all ends in order, and what the
 * programs noted is compared with what Muster kept. The same seed gives the same orders and pauses; what falls
 * between them is the kernel's.
 */
export async function runChaos<Verdict extends { readonly faults: readonly string[] }>(
  options: ChaosOptions,
  plan: ChaosPlan<Verdict>,
): Promise<Verdict> {
  const chance = new Chance(options.seed);
  await using host = new ChaosHost(options.directory, options.seed, plan);
  for (let kill = 0; kill < options.kills; kill++) {
    host.startDaemon();
    // Every second one dies at work; the others at any moment, often while they still begin.
    if (kill % 2 === 1) await host.untilAnswered();
    await disturb(host, chance, options);
    host.look();
    await host.killDaemon();
    if (options.alsoShims && chance.happens(0.5)) host.killShims(chance, MOST_SHIMS_AT_ONCE);
    await Bun.sleep(chance.between(0, LONGEST_ABSENCE_MS));
    host.look();
  }
  host.startDaemon();
  await host.untilAnswered();
  await disturb(host, chance, options);
  await host.end();
  host.look();
  const leftovers = (): string[] => host.leftovers();
  await waitFor("nothing to be left", () => leftovers().length === 0, { lastSeen: leftovers }).catch((error: unknown) =>
    host.faults.push(String(error)),
  );
  const verdict = plan.verify(host, options.directory);
  return verdict.faults.length === 0 ? verdict : { ...verdict, faults: [...verdict.faults, host.lastWords()] };
}

/** Orders, and with `alsoShims` kills beside the daemon, for the time that this daemon has. */
async function disturb(host: ChaosHost, chance: Chance, { alsoShims }: ChaosOptions): Promise<void> {
  const endMs = performance.now() + chance.between(0, LONGEST_LIFE_MS);
  while (performance.now() < endMs) {
    await Bun.sleep(chance.between(5, 80));
    await host.order(randomOrder(host, chance));
    if (!alsoShims) continue;
    if (chance.happens(0.3)) host.killShims(chance, MOST_SHIMS_AT_ONCE);
    if (chance.happens(0.1)) host.killLauncher();
  }
}

function randomOrder(host: ChaosHost, chance: Chance): OrderRequest {
  const order = chance.pick(["start", "start", "start", "start", "start", "stop", "restart", "rotate"] as const);
  const targets = Array.from({ length: chance.between(1, 4) }, () => chance.pick(host.services).name);
  return { order, targets: [...new Set(targets)] };
}
