import type { Clock } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import { formatInstance, type InstanceId } from "../model/name.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { ServiceReport } from "../model/service-report.ts";
import { type Adoption, adopt, type FoundGeneration, isWorthKeeping, type PastEnd } from "./adoption.ts";
import { Dependencies } from "./dependencies.ts";
import { describeExit } from "./exit-words.ts";
import { Instance, type InstanceHost } from "./instance.ts";
import { type History, type InstanceState, NEW_HISTORY, type RecordedEvent } from "./instance-state.ts";
import { OrderBook } from "./order-book.ts";
import type { GenerationFact, GenerationId, Processes, ReadinessWatch, Recorder } from "./ports.ts";
import { ReadinessWatches } from "./readiness-watches.ts";
import { BECOMING, draftOf, pastEndDraft } from "./records.ts";
import { Roster } from "./roster.ts";
import { NO_RESTARTS_YET, reserve, type StormLimit, type StormPolicy } from "./storm-limit.ts";

export interface SupervisorPorts {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly readiness: ReadinessWatch;
  readonly recorder: Recorder;
  random(): number;
  newToken(): string;
  restartLimit(): StormPolicy;
  fillPlaceholders(spec: ServiceSpec, number: number): ServiceSpec;
  /** Reports at once what the generation has said and nobody has heard yet. */
  hear(id: GenerationId): void;
  /** An instance has moved; `status` reads anew. */
  changed(instance: Instance): void;
  /** What the operator wants of an instance has changed. */
  wantedChanged(): void;
  /** What was recorded before this moment, wall clock, was on disk when this daemon began. */
  recordedUntilMs(): number;
  /** An instance is gone and not in the configuration any more. */
  forgotten(instance: Instance): void;
  /** A `key` service has ended by itself. */
  keyEnded(instance: Instance): void;
}

/** The state is kept before the event of it has its time. */
const SAME_MOMENT_MS = 5;

export type MoveListener = (instance: Instance, before: InstanceState) => void;

/** Keeps the instances: hands facts to their machines, answers what they ask, and tells who waits for them. */
export class Supervisor implements InstanceHost {
  readonly roster = new Roster();
  readonly orders: OrderBook;
  readonly clock: Clock;
  readonly processes: Processes;
  private readonly ports: SupervisorPorts;
  private storm: StormLimit = NO_RESTARTS_YET;
  private readonly dependencies = new Dependencies(this.roster, (name) => this.isAboutToEnd(name));
  private readonly readiness: ReadinessWatches;
  /** between the two halves of an adoption */
  private readonly adoptions = new Map<Instance, Adoption>();
  private readonly moveListeners = new Set<MoveListener>();

  constructor(ports: SupervisorPorts) {
    this.ports = ports;
    this.clock = ports.clock;
    this.processes = ports.processes;
    this.readiness = new ReadinessWatches(ports.readiness);
    this.orders = new OrderBook(
      (instance) => this.dependencies.blockedBy(instance),
      (status) => {
        const subject = "muster";
        const message = `${status.order} has ended ${status.ok ? "well" : "with failures"}`;
        ports.recorder.record({ kind: "order.ended", subject, message, cause: status.id, data: { ok: status.ok } });
      },
    );
  }

  random(): number {
    return this.ports.random();
  }

  newToken(): string {
    return this.ports.newToken();
  }

  /** Creates an instance that has never run here. */
  createInstance(id: InstanceId, wish: Pick<History, "wanted" | "watched">): Instance {
    const generation = this.processes.lastGeneration(id);
    return this.addInstance(id, { name: "stopped", history: { ...NEW_HISTORY, ...wish, generation }, reason: null });
  }

  private addInstance(id: InstanceId, state: InstanceState): Instance {
    const service = this.roster.services.get(id.service);
    if (service === undefined) throw new Error(`no service ${id.service} for instance ${formatInstance(id)}`);
    const spec = this.ports.fillPlaceholders(service.spec, id.number);
    const instance = new Instance(id, spec, state, this);
    this.roster.add(id.service, instance);
    return instance;
  }

  /** Takes over what an earlier daemon left. The service must be in the roster. */
  adoptInstance(found: FoundGeneration, wish: Pick<History, "wanted" | "watched">): Instance {
    const service = this.roster.services.get(found.instance.service);
    if (service === undefined) throw new Error(`no service for instance ${formatInstance(found.instance)}`);
    const isRetired = this.roster.isRetired({ id: found.instance });
    const present: typeof wish = isRetired ? { ...wish, wanted: "down" } : wish;
    const adoption = adopt(found, present, service.spec, this.clock.monotonicMs());
    const instance = this.addInstance(found.instance, adoption.state);
    instance.token = found.token;
    instance.causeId = found.cause;
    if (found.exit !== null) {
      instance.lastExit = found.exit;
      // Nothing more will happen to it, so this is the last chance to record what the daemon before us may not have.
      if (adoption.events.length === 0) this.recordPastEnd({ ...found, exit: found.exit.exit });
    }
    instance.sinceWallMs = adoption.sinceWallMs;
    this.adoptions.set(instance, adoption);
    this.tellAgain(instance, found);
    if (adoption.alive) {
      const message = `taken over while it runs, pid ${found.claimedBy}`;
      instance.causeId = this.record(instance, { kind: "instance.adopted", message, data: { pid: found.claimedBy } });
    }
    return instance;
  }

  /** The journal may have lost the newest that the daemon before us recorded; how its instances stood is kept. */
  private tellAgain(instance: Instance, { kept, token, generation }: FoundGeneration): void {
    instance.became = kept?.told ?? null;
    if (token === "") return;
    if (instance.became === null && instance.state.name === "running") {
      // It died before it had kept, or said, that this one was ready as soon as it ran.
      const message = "ready: it was when it was taken over";
      instance.causeId = this.record(instance, { kind: "instance.ready", message, data: { generation } });
    } else if (instance.became !== null && (kept?.sinceWallMs ?? 0) >= this.ports.recordedUntilMs() - SAME_MOMENT_MS) {
      instance.causeId = this.record(instance, instance.became);
    }
  }

  /**
   * The second half of an adoption, when every instance is there: what happened meanwhile is dispatched.
   * @returns what is still to be ordered of it, with regard to who depends on it
   */
  resume(instance: Instance): Adoption["order"] {
    const adoption = this.adoptions.get(instance);
    if (!this.adoptions.delete(instance) || adoption === undefined) return null;
    if (adoption.timerMs !== null) instance.resumeTimer(adoption.timerMs);
    this.readiness.look(instance);
    this.ports.hear(instance.generation);
    for (const event of adoption.events) {
      instance.dispatch(event);
      if (event.kind === "exited") this.lookAtKey(instance);
    }
    this.forgetRetired(instance);
    return adoption.order;
  }

  /** A fact about a generation; one about an older generation is late and dropped. */
  fact(id: GenerationId, fact: GenerationFact): void {
    const instance = this.roster.find(id.instance.service, id.instance.number);
    if (instance === undefined || instance.state.history.generation !== id.generation) return;
    if (fact.kind === "exited") {
      instance.lastExit = { exit: fact.exit, atWallMs: fact.atWallMs };
      instance.dispatch({ kind: "exited", exit: fact.exit });
      this.lookAtKey(instance);
    } else {
      instance.dispatch(fact);
    }
  }

  /** What a program said of itself; what an older generation said is late and dropped. */
  report(id: GenerationId, report: ServiceReport): void {
    const instance = this.roster.find(id.instance.service, id.instance.number);
    if (instance === undefined || instance.state.history.generation !== id.generation) return;
    if (report.kind === "status-said") this.ports.changed(instance);
    else if (report.kind === "ready-reported") instance.dispatch({ ...report, by: "notify" });
    else instance.dispatch(report);
  }

  private lookAtKey(instance: Instance): void {
    const { state } = instance;
    if (!instance.spec.key || state.name !== "ending" || state.why.kind === "ordered") return;
    instance.dispatch({ kind: "stop-ordered" });
    this.ports.keyEnded(instance);
  }

  record(instance: Instance, event: RecordedEvent): string {
    if (event.kind === "instance.reload-failed") this.orders.settleGoal(instance, "reloaded", event.message);
    if (BECOMING.has(event.kind)) instance.became = event;
    return this.ports.recorder.record(draftOf(instance, event));
  }

  /** The end of an earlier generation, which the daemon before us may not have recorded any more. */
  recordPastEnd(end: PastEnd): void {
    this.ports.recorder.record(pastEndDraft(end));
  }

  /** One that will only wait for a dependency takes nobody's turn: what ends with a database is no storm. */
  reserveRestart(instance: Instance): number {
    const nowMs = this.clock.monotonicMs();
    if (this.missingDependencies(instance).length > 0) return nowMs;
    const { atMs, next } = reserve(this.storm, this.ports.restartLimit(), nowMs);
    this.storm = next;
    if (atMs > nowMs) this.recordStorm(instance, atMs - nowMs);
    return atMs;
  }

  private recordStorm(instance: Instance, delayMs: number): void {
    const { restarts, withinMs } = this.ports.restartLimit();
    instance.causeId = this.ports.recorder.record({
      kind: "daemon.storm",
      subject: instance.name,
      message: `held back for ${formatDuration(Math.ceil(delayMs))}: more than ${restarts} restarts within ${formatDuration(withinMs)} on this host`,
      cause: instance.causeId ?? undefined,
    });
  }

  missingDependencies(instance: Instance): readonly string[] {
    return this.dependencies.missing(instance);
  }

  /** A word, or a record, that came in time counts, also where this daemon was too busy to take it in time. */
  catchUp({ generation }: Instance): void {
    this.ports.hear(generation);
    this.processes.look(generation);
  }

  /** Set by the order desk: has the service an order waiting that will end it first? */
  isAboutToEnd: (serviceName: string) => boolean = () => false;

  moved(instance: Instance, before: InstanceState): void {
    const { state } = instance;
    const { history } = state;
    const isWishNew = history.wanted !== before.history.wanted;
    const isOrderNew = state.name === "ending" && before.name === "ending" && state.why !== before.why;
    if (state.name !== before.name || isOrderNew || hasSaidMore(state, before)) this.keep(instance);
    if (state.name !== before.name) this.readiness.look(instance);
    // Who depends on a service waits for those of its instances that are wanted up.
    if (state.name !== before.name || isWishNew) this.wakeDependants(instance.id.service);
    if (isWishNew || history.watched !== before.history.watched) this.ports.wantedChanged();
    // It never came to run, so there is no end of it that would tell.
    if (state.name === "failed" && before.name !== "failed" && instance.spec.key) this.ports.keyEnded(instance);
    this.forgetRetired(instance);
    this.lookAtOrders(instance);
    for (const listener of this.moveListeners) listener(instance, before);
    this.ports.changed(instance);
  }

  private keep(instance: Instance): void {
    const { state, sinceWallMs, generation, became: told } = instance;
    if (generation.generation === 0) return;
    if (!isWorthKeeping(state, () => this.missingDependencies(instance).length > 0)) return;
    this.processes.keepState(generation, { state, sinceWallMs, told });
  }

  /** What others wait for has moved away from being ready: their orders may have become hopeless too. */
  private lookAtOrders(instance: Instance): void {
    const { name } = instance.state;
    const isLeanedOn = this.roster.dependantsOf(instance.id.service).size > 0;
    const concernsOthers = isLeanedOn && (name === "failed" || name === "stopped" || name === "waiting");
    this.orders.look(concernsOthers ? undefined : instance);
  }

  /** Told after each move of any instance. */
  onMoved(listener: MoveListener): Disposable {
    this.moveListeners.add(listener);
    return { [Symbol.dispose]: () => this.moveListeners.delete(listener) };
  }

  /** Lets what waits for this service look again. */
  wakeDependants(serviceName: string): void {
    for (const name of this.roster.allDependantsOf(serviceName)) {
      for (const waiting of this.roster.services.get(name)?.instances ?? []) {
        if (waiting.state.name === "waiting") waiting.lookAtDependencies();
      }
    }
  }

  private forgetRetired(instance: Instance): void {
    if (!this.roster.isRetired(instance) || instance.state.name !== "stopped") return;
    this.roster.remove(instance);
    instance[Symbol.dispose]();
    this.ports.forgotten(instance);
    const service = this.roster.services.get(instance.id.service);
    if (service !== undefined && service.instances.length === 0 && this.goneServices.has(instance.id.service)) {
      this.forgetService(instance.id.service);
    }
  }

  /** Services that are no more in the configuration and end. */
  readonly goneServices = new Set<string>();

  forgetService(name: string): void {
    this.roster.services.delete(name);
    this.goneServices.delete(name);
    this.roster.indexDependencies();
  }

  /** The shim of a generation was killed and another has taken over. */
  shimLost(id: GenerationId): void {
    const instance = this.roster.find(id.instance.service, id.instance.number);
    if (instance === undefined || instance.state.history.generation !== id.generation) return;
    const message = "its shim was killed; a new one has taken over its output, its exit code will not be known";
    this.record(instance, { kind: "instance.shim-lost", message });
  }

  /** How the last run ended, in words, for `why`. */
  lastEnd(instance: Instance): string | null {
    return instance.lastExit === null ? null : describeExit(instance.lastExit.exit);
  }

  [Symbol.dispose](): void {
    for (const instance of this.roster.instances()) instance[Symbol.dispose]();
    this.readiness[Symbol.dispose]();
  }
}

/** It said of itself what nobody else knows. */
function hasSaidMore(state: InstanceState, before: InstanceState): boolean {
  if (state.name === "maintaining" && before.name === "maintaining") return state.latest !== before.latest;
  return "watchdogMs" in state && "watchdogMs" in before && state.watchdogMs !== before.watchdogMs;
}
