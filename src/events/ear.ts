import { parseNotification } from "../model/notification.ts";
import type { Heard } from "../platform/shim/heard-file.ts";
import { SaidReader } from "../platform/shim/said-reader.ts";
import { SAID_BODY_BYTES, type SaidMessage, type SaidPosition, type SaidRecord } from "../platform/shim/said-record.ts";
import type { InstanceHearing } from "./instance-hearing.ts";
import { lostDraft } from "./lost-drafts.ts";
import { decodeMemory, encodeMemory, NO_MEMORY } from "./memory.ts";
import type { HearerPorts, Source } from "./ports.ts";
import { disbelief } from "./unheard-policy.ts";
import { Voice } from "./voice.ts";

const CUT = `it was longer than ${SAID_BODY_BYTES} bytes and was cut`;

/** Hears one generation: reads what its shim kept, and passes on what is believed. */
export class Ear implements Disposable {
  readonly source: Source;
  readonly instance: InstanceHearing;
  readonly voice: Voice;
  private readonly ports: HearerPorts;
  private readonly reader: SaidReader;
  private fault = "";
  /** words said later are of a dead generation */
  private supersededAtMs = Number.POSITIVE_INFINITY;

  /**
   * @param buffer shared by all ears
   * @param heard by an earlier daemon
   */
  constructor(source: Source, instance: InstanceHearing, ports: HearerPorts, buffer: Buffer, heard: Heard | undefined) {
    const memory = heard === undefined ? NO_MEMORY : decodeMemory(heard.memory);
    this.source = source;
    this.instance = instance;
    this.ports = ports;
    this.voice = new Voice(source, instance, ports, memory);
    this.reader = new SaidReader(source.directory, heard?.position, buffer);
  }

  get position(): SaidPosition {
    return this.reader.position;
  }

  /** Hears at most `most` records. @returns whether there may be more now */
  hear(most: number): boolean {
    const part = this.read(most);
    for (const record of part.records) this.take(record);
    return part.more;
  }

  /** A later generation was opened at `nowMs`. */
  supersede(nowMs: number): void {
    this.supersededAtMs = Math.min(this.supersededAtMs, nowMs);
    this.voice.isSuperseded = true;
  }

  /** How far was heard, with what has to be known to go on from there. */
  snapshot(): Heard {
    const { counters, suppressionMemory: suppression } = this.instance;
    const { status: statusText, isReloading: reloading } = this.voice;
    const memory = encodeMemory({ counters: counters.all(), suppression, statusText, reloading });
    return { position: this.position, memory };
  }

  /** Everything before `position` is on record; it may go. */
  forget(position: SaidPosition): void {
    this.reader.forget(position);
  }

  /** Holds no file open until there is more to hear. */
  rest(): void {
    this.reader.rest();
  }

  [Symbol.dispose](): void {
    this.voice[Symbol.dispose]();
    this.reader[Symbol.dispose]();
  }

  private read(most: number) {
    try {
      const part = this.reader.read(most);
      this.fault = "";
      return part;
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      // Once, not at each ring.
      if (fault !== this.fault) this.ports.warn?.(`cannot read what was said in ${this.source.directory}: ${fault}`);
      this.fault = fault;
      return { records: [], more: false };
    }
  }

  private take(record: SaidRecord): void {
    if (record.kind === "message") this.takeMessage(record);
    else this.instance.record(lostDraft(this.source, record));
  }

  private takeMessage(message: SaidMessage): void {
    const { source } = this;
    const isNewest = message.monotonicMs <= this.supersededAtMs;
    const reason = disbelief({ sender: message.sender, access: source.access, isNewest });
    if (reason !== null) {
      this.instance.tellUnheard(reason, { source, place: message, refused: [] });
      return;
    }
    const words = parseNotification(message.bytes);
    if (words.token !== null && words.token !== source.token) {
      this.instance.tellUnheard("token", { source, place: message, refused: [] });
      return;
    }
    const refused = message.cut ? [...words.refused, CUT] : words.refused;
    if (refused.length > 0) this.instance.tellUnheard("not-understood", { source, place: message, refused });
    this.voice.take(words, message);
  }
}
