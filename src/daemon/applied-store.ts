import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { LoadedConfiguration } from "../model/config/load.ts";
import { unpackConfiguration } from "../model/config/transfer.ts";
import type { ServiceSpec } from "../model/service.ts";
import { writeFileAtomically } from "../platform/atomic-file.ts";

/** How many applied configurations are kept, the present one among them. */
const KEPT = 10;

/** The configurations that were applied, newest last: `<state>/applied/<number>.json`, as the loader packed them. */
export class AppliedStore {
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** @param packed what `packConfiguration` gave. The same content as the newest is not kept twice. */
  keep(packed: string): void {
    const numbers = this.numbers();
    const newest = numbers.at(-1) ?? 0;
    if (newest > 0 && this.text(newest) === packed) return;
    writeFileAtomically(this.path(newest + 1), packed);
    for (const number of numbers.slice(0, Math.max(0, numbers.length + 1 - KEPT)))
      rmSync(this.path(number), { force: true });
  }

  /** The configuration in force when the last daemon ended; null: none that can be read. */
  latest(): LoadedConfiguration | null {
    return this.load(this.numbers().at(-1));
  }

  /** The one before it, packed and unpacked, to go back to. */
  previous(): { readonly loaded: LoadedConfiguration; readonly packed: string } | null {
    const number = this.numbers().at(-2);
    const loaded = this.load(number);
    return loaded === null || number === undefined ? null : { loaded, packed: this.text(number) };
  }

  /** The service as the newest configuration that had it declared it; undefined: none of those kept had it. */
  formerSpec(service: string): ServiceSpec | undefined {
    for (const number of this.numbers().reverse()) {
      const spec = this.load(number)?.host.services.get(service);
      if (spec !== undefined) return spec;
    }
    return undefined;
  }

  private load(number: number | undefined): LoadedConfiguration | null {
    if (number === undefined) return null;
    try {
      const unpacked = unpackConfiguration(this.text(number));
      return unpacked.ok ? unpacked.value : null;
    } catch {
      return null;
    }
  }

  private numbers(): number[] {
    const names = readdirSync(this.directory).filter((name) => /^\d+\.json$/.test(name));
    return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
  }

  private text(number: number): string {
    return readFileSync(this.path(number), "utf8");
  }

  private path(number: number): string {
    return join(this.directory, `${number}.json`);
  }
}
