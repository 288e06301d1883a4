import { existsSync } from "node:fs";
import { readJsonFile, writeFileAtomically } from "../platform/atomic-file.ts";
import type { WantedService } from "../services/ports.ts";
import { parseWanted } from "../services/wanted.ts";

export interface WantedStoreOptions {
  readonly path: string;
  readonly bootId: string;
  collect(): Readonly<Record<string, WantedService>>;
  fault(error: unknown): void;
}

/** Keeps what operators want for the next daemon of this boot. */
export class WantedStore {
  private readonly options: WantedStoreOptions;
  private dirty = false;
  private frozen = false;
  private written = false;

  constructor(options: WantedStoreOptions) {
    this.options = options;
  }

  /** What an earlier daemon of this boot kept; after a boot nothing, so `autostart` decides. */
  static read(path: string, bootId: string): Readonly<Record<string, WantedService>> {
    const read = readJsonFile(path, (json) => json as { bootId?: unknown; services?: unknown });
    return read.ok && read.value.bootId === bootId ? parseWanted(read.value.services) : {};
  }

  /** Something may have changed; written once for all that changes in this turn. */
  changed(): void {
    if (this.dirty || this.frozen) return;
    this.dirty = true;
    queueMicrotask(() => this.flush());
  }

  /** Writes now, before an order is acknowledged. A failure is told, supervision goes on. */
  flush(): void {
    if (this.frozen) return;
    this.dirty = false;
    try {
      const kept = { bootId: this.options.bootId, services: this.options.collect() };
      writeFileAtomically(this.options.path, JSON.stringify(kept));
      this.written = true;
    } catch (error) {
      this.options.fault(error);
    }
  }

  /** Writes it anew if the file was removed by hand. @returns whether that was needed */
  restore(): boolean {
    if (!this.written || this.frozen || existsSync(this.options.path)) return false;
    this.flush();
    return true;
  }

  /** The daemon ends: that it stops the services is nobody's wish for the next one. */
  freeze(): void {
    if (this.dirty) this.flush();
    this.frozen = true;
  }
}
