import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { type InstanceId, instanceFileName } from "../../model/name.ts";

export interface GenerationBroomParts {
  readonly clock: Clock;
  readonly instancesDirectory: string;
  /** Resolves when everything recorded so far is on disk. */
  whenRecorded(): Promise<void>;
  warn(message: string): void;
}

/** Sweeping is gathered: a crash loop must not pay for it at each crash. */
const SWEEP_AFTER_MS = 1_000;

/** The numbers of the generations whose directories are there, in no order. */
export function generationsIn(instancesDirectory: string, instance: InstanceId): number[] {
  try {
    const names = readdirSync(join(instancesDirectory, instanceFileName(instance)));
    return names.map(Number).filter((number) => Number.isInteger(number) && number > 0);
  } catch {
    return [];
  }
}

/**
 * Removes the directories of generations that are over, once the journal has what they told. The newest one of each
 * instance stays: the next daemon learns from it.
 */
export class GenerationBroom implements Disposable {
  private readonly parts: GenerationBroomParts;
  private readonly waiting = new Map<string, InstanceId>();
  private timer: Disposable | null = null;

  constructor(parts: GenerationBroomParts) {
    this.parts = parts;
  }

  /** A generation of the instance is over. */
  ended(instance: InstanceId): void {
    this.waiting.set(instanceFileName(instance), instance);
    this.timer ??= this.parts.clock.setTimer(SWEEP_AFTER_MS, () => {
      this.timer = null;
      this.sweep().catch((error: unknown) => this.parts.warn(`cannot remove old generations: ${String(error)}`));
    });
  }

  private async sweep(): Promise<void> {
    const instances = [...this.waiting.values()];
    this.waiting.clear();
    // Listed before the journal is asked: what ends from now on may not be recorded yet.
    const outdated = instances.flatMap((instance) => this.outdated(instance));
    if (outdated.length === 0) return;
    await this.parts.whenRecorded();
    for (const directory of outdated) await rm(directory, { recursive: true, force: true });
  }

  private outdated(instance: InstanceId): string[] {
    const { instancesDirectory } = this.parts;
    const generations = generationsIn(instancesDirectory, instance);
    const newest = Math.max(0, ...generations);
    const older = generations.filter((generation) => generation < newest);
    return older.map((generation) => join(instancesDirectory, instanceFileName(instance), String(generation)));
  }

  [Symbol.dispose](): void {
    this.timer?.[Symbol.dispose]();
    this.timer = null;
  }
}
