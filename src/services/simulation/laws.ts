import { formatInstance } from "../../model/name.ts";
import { hasGeneration } from "../public-status.ts";
import type { ScriptedGeneration } from "./scripted-generation.ts";
import type { World } from "./world.ts";

/** What must hold at every moment; a sentence for each law that does not. */
export function brokenLaws(world: World): string[] {
  return [...oneOwner(world), ...stoppedIsGone(world), ...readyIsSaid(world), ...limitsKept(world), ...world.breaches];
}

/** Law 2: never two live generations of an instance. */
function* oneOwner(world: World): Iterable<string> {
  const alive = new Map<string, ScriptedGeneration>();
  for (const generation of world.host.alive()) {
    const name = formatInstance(generation.request.instance);
    const other = alive.get(name);
    if (other !== undefined) {
      yield `law 2: generations ${other.request.generation} and ${generation.request.generation} of ${name} live together`;
    }
    alive.set(name, generation);
  }
}

/** Law 3: what is called stopped, finished, failed or waiting has no live process. */
function* stoppedIsGone(world: World): Iterable<string> {
  if (world.daemon === null) return;
  const alive = new Set(world.host.alive().map((generation) => formatInstance(generation.request.instance)));
  for (const instance of world.daemon.supervisor.roster.instances()) {
    if (!hasGeneration(instance.state) && alive.has(instance.name)) {
      yield `law 3: ${instance.name} is called ${instance.state.name} and has live processes`;
    }
  }
}

/** Law 4: what is to say that it is ready has said so before it is called that; silence is no readiness. */
function* readyIsSaid(world: World): Iterable<string> {
  for (const instance of world.daemon?.supervisor.roster.instances() ?? []) {
    const { state, spec, generation } = instance;
    if (state.name !== "running" && state.name !== "reloading") continue;
    const program = world.host.findGeneration(generation);
    // An applied file may have changed what is asked for.
    const asked = program?.request.spec.ready.kind === spec.ready.kind ? spec.ready.kind : "time";
    const said = program?.said.some((report) => report.kind === "ready-reported") ?? false;
    if ((asked === "notify" && !said) || (asked === "fd" && !said && program?.lineOnDescriptor === false))
      yield `law 4: ${instance.name} is called ready and never said so`;
  }
}

/**
 * The restart limit of a service: never more automatic restarts remembered than it may have. One that was taken away and
 * came back may have another limit than the one it counted for.
 */
function* limitsKept(world: World): Iterable<string> {
  if (world.daemon === null) return;
  for (const instance of world.daemon.supervisor.roster.instances()) {
    const { restarts } = instance.spec.giveUp;
    const remembered = instance.state.history.restartStampsMs.length;
    if (restarts > 0 && remembered > restarts && !world.comeBack.has(instance.id.service))
      yield `${instance.name} remembers ${remembered} restarts, ${restarts} are allowed`;
  }
}

/** What must hold when every program behaves and time has passed: the wishes have come true. */
export function brokenPromises(world: World): string[] {
  return [
    ...wishesCameTrue(world),
    ...ordersEnded(world),
    ...exitsRecorded(world),
    ...movesRecorded(world),
    ...noTimersLeft(world),
    ...rosterIsTheFile(world),
  ];
}

function* wishesCameTrue(world: World): Iterable<string> {
  if (world.daemon === null) return;
  for (const instance of world.daemon.supervisor.roster.instances()) {
    const { state } = instance;
    const { wanted, watched } = state.history;
    if (wanted === "down" && state.name !== "stopped") yield `${instance.name} is wanted down and is ${state.name}`;
    if (wanted === "up" && watched && isUnsettled(state.name))
      yield `${instance.name} is wanted up and is ${state.name}`;
  }
}

/** `waiting` is settled too: what it waits for may have failed for good. */
function isUnsettled(name: string): boolean {
  return name === "launching" || name === "starting" || name === "ending" || name === "backoff" || name === "held";
}

/** Every accepted order has come to its end; what is left alone may never become ready, and others may wait for it. */
function* ordersEnded(world: World): Iterable<string> {
  const instances = [...(world.daemon?.supervisor.roster.instances() ?? [])];
  if (instances.some((instance) => !instance.state.history.watched)) return;
  for (const id of world.ordersOfThisDaemon) {
    const status = world.daemon?.supervisor.orders.status(id);
    if (status !== undefined && !status.ended) {
      yield `order ${status.order} has not ended: ${JSON.stringify(status.items)}`;
    }
  }
}

/** Law 5: every end of a program that a daemon could learn of is recorded exactly once, with its code or signal. */
function* exitsRecorded(world: World): Iterable<string> {
  const recorded = new Map<string, number>();
  for (const draft of world.journal.events) {
    if (draft.kind === "instance.exited") recorded.set(draft.once ?? "", (recorded.get(draft.once ?? "") ?? 0) + 1);
  }
  for (const generation of world.host.generations) {
    const times = recorded.get(`exit:${generation.request.token}`) ?? 0;
    if (generation.exit !== null && times !== 1) {
      yield `the end of ${formatInstance(generation.request.instance)} generation ${generation.request.generation} was recorded ${times} times`;
    }
    if (generation.exit === null && times > 0) yield `an end was recorded that never happened`;
  }
}

const MOVES = { running: "instance.ready", failed: "instance.failed", finished: "instance.finished" } as const;

/** Law 5: what an instance has become is recorded, whatever daemon died over it; once for each generation. */
function* movesRecorded(world: World): Iterable<string> {
  for (const instance of world.daemon?.supervisor.roster.instances() ?? []) {
    const { name, state, token } = instance;
    if (token === "" || !(state.name in MOVES)) continue;
    const kind = MOVES[state.name as keyof typeof MOVES];
    const times = world.journal.events.filter(
      (draft) => draft.kind === kind && draft.once?.endsWith(`:${token}`),
    ).length;
    if (times !== 1) yield `${name} is ${state.name}, and that was recorded ${times} times`;
  }
}

function* noTimersLeft(world: World): Iterable<string> {
  const instances = [...(world.daemon?.supervisor.roster.instances() ?? [])].length;
  if (world.clock.waiting > instances) yield `${world.clock.waiting} timers wait for ${instances} instances`;
}

/** What was scaled down or taken away is forgotten once it is gone. */
function* rosterIsTheFile(world: World): Iterable<string> {
  const { roster } = world.daemon?.supervisor ?? {};
  if (roster === undefined) return;
  const [known, declared] = [[...roster.services.keys()].sort(), [...world.services.keys()].sort()];
  if (known.join() !== declared.join()) yield `the roster has ${known}, the configuration ${declared}`;
  for (const service of roster.services.values()) {
    const numbers = service.instances.map((instance) => instance.id.number).join();
    const wanted = Array.from({ length: roster.wantedCount(service) }, (_, index) => index + 1).join();
    if (numbers !== wanted)
      yield `${service.spec.name} has the instances ${numbers || "none"}, not ${wanted || "none"}`;
  }
}
