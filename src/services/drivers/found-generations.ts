import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type InstanceId, instanceFileName, parseInstanceFileName } from "../../model/name.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { ProcessIdentities } from "../../platform/process-identity.ts";
import { type GenerationRecords, readGeneration, voidClaim } from "../../platform/shim/generation-directory.ts";
import type { FoundGeneration, PastEnd } from "../adoption.ts";
import { toExit } from "./exit-record.ts";
import { describeFailure } from "./failed-step-words.ts";
import { generationsIn } from "./generation-broom.ts";
import { readKept } from "./kept-state.ts";
import { fromNotes } from "./program-notes.ts";

/** Reads what earlier daemons left: the newest generation of every instance. */
export class FoundGenerations {
  private readonly instancesDirectory: string;
  private readonly identities: ProcessIdentities;

  constructor(instancesDirectory: string, identities: ProcessIdentities) {
    this.instancesDirectory = instancesDirectory;
    this.identities = identities;
  }

  /**
   * A generation that nobody has claimed is made void, so that a shim that is still on its way cannot start it behind
   * our back. What belongs to another boot is removed: after a reboot nothing is adopted by pid.
   * @param specOf the service as the daemon before us had it, for the words of a failure
   */
  read(specOf: (service: string) => ServiceSpec | undefined): readonly FoundGeneration[] {
    const found: FoundGeneration[] = [];
    for (const instance of this.instances()) {
      const generation = Math.max(0, ...generationsIn(this.instancesDirectory, instance));
      if (generation === 0) continue;
      const one = this.readOne(instance, generation, specOf(instance.service));
      if (one !== undefined) found.push(one);
    }
    return found;
  }

  /**
   * How the generations before the newest ended. Their directories are swept once the journal has them, so these may
   * not be in it: the daemon before us may have died between the end of one and its record.
   */
  readOlder(): readonly PastEnd[] {
    const ends: PastEnd[] = [];
    for (const instance of this.instances()) {
      const numbers = generationsIn(this.instancesDirectory, instance).toSorted((a, b) => a - b);
      for (const generation of numbers.slice(0, -1)) {
        const directory = join(this.instancesDirectory, instanceFileName(instance), String(generation));
        const { spec, exit } = readGeneration(directory);
        const { token, cause } = fromNotes(spec ?? []);
        if (exit !== undefined && token !== "") ends.push({ instance, generation, token, cause, exit: toExit(exit) });
      }
    }
    return ends;
  }

  private *instances(): Iterable<InstanceId> {
    if (!existsSync(this.instancesDirectory)) return;
    for (const name of readdirSync(this.instancesDirectory)) {
      const instance = parseInstanceFileName(name);
      if (instance !== undefined) yield instance;
    }
  }

  private readOne(
    instance: InstanceId,
    generation: number,
    spec: ServiceSpec | undefined,
  ): FoundGeneration | undefined {
    const directory = join(this.instancesDirectory, instanceFileName(instance), String(generation));
    let records = readGeneration(directory);
    if (records.claim === undefined && records.failed === undefined) {
      voidClaim(directory);
      records = readGeneration(directory);
    }
    if (this.isOfAnotherBoot(records)) {
      rmSync(join(this.instancesDirectory, instanceFileName(instance)), { recursive: true, force: true });
      return undefined;
    }
    const notes = fromNotes(records.spec ?? []);
    const { claim, failed, exit, main } = records;
    return {
      instance,
      generation,
      token: notes.token,
      history: notes.history,
      cause: notes.cause,
      claimedBy: claim?.kind === "program" ? (main ?? claim.identity).pid : null,
      failure:
        failed === undefined ? null : failed && spec ? describeFailure(failed, spec) : `step ${failed.step} failed`,
      kept: readKept(directory, this.identities.boot.bootId, generation),
      sinceWallMs: changedAt(directory, ["claim", "spec"]),
      exit: exit === undefined ? null : { exit: toExit(exit), atWallMs: exit.wallMs, atMonotonicMs: exit.monotonicMs },
      empty: records.empty !== undefined,
    };
  }

  private isOfAnotherBoot(records: GenerationRecords): boolean {
    const identity = records.claim?.kind === "program" ? records.claim.identity : records.shim;
    return identity !== undefined && !this.identities.isOfHere(identity);
  }
}

/** When the first of these files that is there was made, wall clock, ms. */
function changedAt(directory: string, names: readonly string[]): number {
  for (const name of names) {
    const file = statSync(join(directory, name), { throwIfNoEntry: false });
    if (file !== undefined) return file.mtimeMs;
  }
  return 0;
}
