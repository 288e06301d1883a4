import { formatInstance, type InstanceId } from "../model/name.ts";
import { type Heard, readHeard } from "../platform/shim/heard-file.ts";
import { saidBuffer } from "../platform/shim/said-reader.ts";
import { Ear } from "./ear.ts";
import { HeardKeeper, turn } from "./heard-keeper.ts";
import { InstanceHearing } from "./instance-hearing.ts";
import { decodeMemory } from "./memory.ts";
import type { HearerPorts, Source } from "./ports.ts";
import type { Suppressible } from "./suppression-policy.ts";

/** So long words are heard at a stretch; then facts about exits and orders go first. */
const SLICE_MS = 2;
/** Records of one generation before it is another one's turn. */
const TURN_RECORDS = 32;
const TURNS_A_SLICE = 64;
/** While the journal is behind, words are left on file, where they are safe. */
const HOLD_MS = 5;
/** What is heard before an exit is told may take longer, but not without end. */
const HEAR_NOW_MS = 20;
const HEAR_NOW_TURNS = 128;

export interface SuppressedInstance {
  readonly instance: InstanceId;
  readonly dropped: Readonly<Record<Suppressible, number>>;
}

/**
 * Hears what services say. The shims keep the words on file, so nothing is lost while no daemon is there or this one is
 * busy; they are heard in small slices between its other work, each generation in its turn. What is heard is bounded in
 * time, what is held of it in size: the words themselves never wait in memory.
 */
export class Hearer implements AsyncDisposable {
  private readonly ports: HearerPorts;
  private readonly keeper: HeardKeeper;
  private readonly buffer = saidBuffer();
  private readonly ears = new Map<string, Ear>();
  private readonly instances = new Map<string, InstanceHearing>();
  /** those that have something to say, whose turn it is first */
  private readonly dirty = new Set<Ear>();
  private slice: Disposable | undefined;
  private isHearing = false;
  private ended = false;

  constructor(ports: HearerPorts) {
    this.ports = ports;
    this.keeper = new HeardKeeper(ports);
  }

  /**
   * A generation is there, after a launch or an adoption: it is heard from where the last daemon stopped. Open those of
   * one instance in rising order. What an older one says after this is of a dead generation. One that is open already
   * stays as it is.
   */
  open(source: Source): void {
    const key = keyOf(source.instance, source.generation);
    if (this.ears.has(key) || this.ended) return;
    const heard = this.recall(source);
    const isLater = source.generation > (this.instances.get(formatInstance(source.instance))?.newest.generation ?? -1);
    const instance = this.instanceOf(source);
    const ear = new Ear(source, instance, this.ports, this.buffer, heard);
    this.ears.set(key, ear);
    if (instance.newest.generation > source.generation) ear.supersede(this.ports.clock.monotonicMs());
    else this.makeNewest(ear, instance);
    if (isLater && heard !== undefined) instance.restore(decodeMemory(heard.memory));
    // What is known of the instance goes on to the new generation.
    if (heard === undefined && instance.isRemembered) this.keeper.note(ear);
    this.dirty.add(ear);
    this.hearSoon();
  }

  /** The bell said that there is something to hear. Of a generation that is not open it means nothing. */
  rung(instance: InstanceId, generation: number): void {
    const ear = this.ears.get(keyOf(instance, generation));
    if (ear === undefined) return;
    this.dirty.add(ear);
    this.hearSoon();
  }

  /**
   * Hears at once what is there, before an end is told to the machine: so the words come before it. Bounded: of a flood
   * the rest is heard in its turn. While words are heard already, nothing is heard here.
   */
  hearNow(instance: InstanceId, generation: number): void {
    const ear = this.ears.get(keyOf(instance, generation));
    if (ear === undefined) return;
    const endMs = this.ports.clock.monotonicMs() + HEAR_NOW_MS;
    let turns = 0;
    while (this.hear(ear) && ++turns < HEAR_NOW_TURNS && this.ports.clock.monotonicMs() < endMs);
    ear.voice.flush();
  }

  /**
   * The generation is gone: hears what is left, in slices. When this resolves the journal has it, and the files may go.
   */
  close(instance: InstanceId, generation: number): Promise<void> {
    const key = keyOf(instance, generation);
    const ear = this.ears.get(key);
    if (ear === undefined) return Promise.resolve();
    return this.hearOut(key, ear);
  }

  /** The instance is not there any more: nothing is known of it from now on. Close its generations before. */
  forget(instance: InstanceId): void {
    const name = formatInstance(instance);
    const hearing = this.instances.get(name);
    if (hearing === undefined) return;
    hearing.endSuppression(Number.POSITIVE_INFINITY);
    hearing[Symbol.dispose]();
    this.instances.delete(name);
  }

  /** The last values of what the instance counts, over all its generations. */
  counters(instance: InstanceId): Readonly<Record<string, number>> {
    return this.instances.get(formatInstance(instance))?.counters.all() ?? {};
  }

  /** What the newest generation says of itself; null: nothing. */
  statusText(instance: InstanceId): string | null {
    const hearing = this.instances.get(formatInstance(instance));
    if (hearing === undefined) return null;
    return this.ears.get(keyOf(instance, hearing.newest.generation))?.voice.status ?? null;
  }

  /** The instances whose logs and alerts are dropped now, with the numbers so far. */
  suppressedNow(): SuppressedInstance[] {
    return [...this.instances.values()].flatMap(({ id, suppressed }) =>
      suppressed === null ? [] : [{ instance: id, dropped: suppressed.dropped }],
    );
  }

  /** Hears nothing more; what was heard is written down. What was not is for the next daemon. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.ended = true;
    this.slice?.[Symbol.dispose]();
    const open = new Set([...this.ears.values()].map((ear) => ear.instance));
    for (const ear of this.ears.values()) ear.voice.flushCounts();
    for (const hearing of this.instances.values()) {
      hearing.flush();
      // Nobody could go on with it.
      if (!open.has(hearing)) hearing.endSuppression(Number.POSITIVE_INFINITY);
    }
    await this.keeper[Symbol.asyncDispose]();
    for (const part of [...this.ears.values(), ...this.instances.values()]) part[Symbol.dispose]();
  }

  private instanceOf(source: Source): InstanceHearing {
    const name = formatInstance(source.instance);
    const known = this.instances.get(name);
    if (known !== undefined) return known;
    const newest = () => this.ears.get(keyOf(source.instance, made.newest.generation));
    const withNewest = (act: (ear: Ear) => unknown) => {
      const ear = newest();
      return ear === undefined ? undefined : act(ear);
    };
    const made: InstanceHearing = new InstanceHearing(source, {
      ports: this.ports,
      hasUnread: () => withNewest((ear) => this.dirty.has(ear)) === true,
      onChanged: () => withNewest((ear) => this.keeper.note(ear)),
    });
    this.instances.set(name, made);
    return made;
  }

  private makeNewest(ear: Ear, instance: InstanceHearing): void {
    const nowMs = this.ports.clock.monotonicMs();
    for (const other of this.ears.values()) if (other.instance === instance && other !== ear) other.supersede(nowMs);
    instance.newest = ear.source;
  }

  private recall(source: Source): Heard | undefined {
    try {
      return readHeard(source.directory);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.ports.warn?.(`cannot read how far ${source.directory} was heard: ${reason}; it is heard from its beginning`);
      return undefined;
    }
  }

  private hearSoon(): void {
    if (this.dirty.size === 0 || this.isHearing || this.ended) return;
    this.slice ??= this.ports.clock.setTimer(0, () => this.hearSlice());
  }

  private hearSlice(): void {
    this.slice = undefined;
    if (this.ports.isBehind()) {
      this.slice = this.ports.clock.setTimer(HOLD_MS, () => this.hearSlice());
      return;
    }
    const endMs = this.ports.clock.monotonicMs() + SLICE_MS;
    let turns = 0;
    // Those that have more to say go behind the others.
    for (const ear of this.dirty) {
      this.hear(ear);
      if (++turns >= TURNS_A_SLICE || this.ports.clock.monotonicMs() >= endMs) break;
    }
  }

  /**
   * One turn. Ears share a buffer, so what a word leads to hears no further ones.
   * @returns whether there may be more now; then it stays dirty
   */
  private hear(ear: Ear): boolean {
    if (this.isHearing) return false;
    const { segment, offset } = ear.position;
    this.isHearing = true;
    this.dirty.delete(ear);
    let more = true;
    try {
      more = ear.hear(TURN_RECORDS);
    } finally {
      this.isHearing = false;
      if (more) this.dirty.add(ear);
      this.hearSoon();
    }
    const { position } = ear;
    if (position.segment !== segment || position.offset !== offset) this.keeper.note(ear);
    return more;
  }

  private async hearOut(key: string, ear: Ear): Promise<void> {
    while (!this.ended && this.hear(ear)) await (this.ports.isBehind() ? this.ports.whenRecorded() : turn());
    if (this.ended) return;
    ear.voice.flush();
    ear.voice.flushCounts();
    ear.instance.flush();
    this.ears.delete(key);
    this.dirty.delete(ear);
    // Before the journal is waited for: that may take long.
    ear[Symbol.dispose]();
    await this.keeper.finish(ear);
  }
}

function keyOf(instance: InstanceId, generation: number): string {
  return `${instance.service}:${instance.number}/${generation}`;
}
