import { join } from "node:path";
import { instanceFileName } from "../../model/name.ts";
import { SIGNAL_NUMBERS, type SignalName } from "../../model/signal.ts";
import { Cgroup, type CgroupRoot } from "../../platform/cgroup.ts";
import type { Libc } from "../../platform/libc.ts";
import type { ProcessHandles } from "../../platform/process-handle.ts";
import type { ProcessIdentities, ProcessIdentity } from "../../platform/process-identity.ts";
import type { ProcessMarks } from "../../platform/process-marks.ts";
import { hasEnded, type ProcessStat, ProcessStatReader } from "../../platform/process-stat.ts";
import type { ProcessTree } from "../../platform/process-tree.ts";
import type { SignalReach } from "../instance-state.ts";
import { describeGeneration, type GenerationEntry } from "./generation-entry.ts";

export interface TreeControlSystem {
  readonly libc: Pick<Libc, "kill">;
  readonly handles: ProcessHandles;
  readonly identities: ProcessIdentities;
  readonly tree: ProcessTree;
  readonly marks: ProcessMarks;
  /** null: no cgroup of our own is to be had here */
  readonly cgroups: CgroupRoot | null;
  /** faults that nobody waits for go to the daemon's log */
  log(level: "warn" | "error", message: string): void;
}

/** Signals to and sight of what belongs to a generation: by cgroup, else below its shim, else by its mark. */
export class TreeControl {
  private readonly system: TreeControlSystem;

  constructor(system: TreeControlSystem) {
    this.system = system;
  }

  /** @param shim of the generation, when it lives */
  signal(entry: GenerationEntry, shim: ProcessIdentity | null, signal: SignalName, reach: SignalReach): void {
    const number = SIGNAL_NUMBERS[signal];
    if (reach === "tree") {
      this.inBackground(entry, this.signalTree(entry, shim, number));
      return;
    }
    if (entry.program === null) return;
    if (reach === "main") this.system.handles.signal(entry.program, number);
    else if (this.system.identities.isAlive(entry.program)) this.system.libc.kill(-entry.program.pid, number);
  }

  private async signalTree(entry: GenerationEntry, shim: ProcessIdentity | null, signal: number): Promise<void> {
    if (shim !== null && !entry.shimLost) {
      await this.system.tree.signalTree(shim, signal);
      return;
    }
    for (const row of await this.seen(entry)) {
      const identity = this.system.identities.identify(row.pid);
      if (identity?.startTicks === row.startTicks) this.system.handles.signal(identity, signal);
    }
  }

  killTree(entry: GenerationEntry, shim: ProcessIdentity | null): void {
    this.cgroupOf(entry)?.kill();
    if (entry.program !== null) this.system.handles.signal(entry.program, SIGNAL_NUMBERS.KILL);
    if (shim !== null && !entry.shimLost) this.inBackground(entry, this.system.tree.killTree(shim));
    else
      this.inBackground(entry, this.system.tree.killAll(this.system.marks.quarry(entry.token, this.notBefore(entry))));
  }

  /** What can still be seen of the generation, its shim not counted. */
  async living(entry: GenerationEntry, shim: ProcessIdentity | null): Promise<readonly ProcessStat[]> {
    const below = shim === null ? [] : await this.system.tree.living(shim);
    return entry.shimLost || shim === null ? withoutDoubles([...below, ...(await this.seen(entry))]) : below;
  }

  /** Makes the cgroup of the instance; null when there is none to be had. */
  enter(entry: GenerationEntry): string | null {
    const made = this.system.cgroups?.create(cgroupName(entry));
    if (made === undefined) return null;
    if (made.ok) return made.value.directory;
    this.system.log("warn", `${describeGeneration(entry.id)} runs without a cgroup: ${made.error}`);
    return null;
  }

  leave(entry: GenerationEntry): void {
    this.cgroupOf(entry)?.remove();
  }

  /** Its own cgroup, whether it is there or not; null: there are none. */
  cgroupDirectory(entry: GenerationEntry): string | null {
    return this.cgroupOf(entry)?.directory ?? null;
  }

  private cgroupOf(entry: GenerationEntry): Cgroup | null {
    const { cgroups } = this.system;
    return cgroups === null ? null : new Cgroup(join(cgroups.directory, cgroupName(entry)));
  }

  /** Without the help of its shim: who is in its cgroup, who carries its mark. */
  private async seen(entry: GenerationEntry): Promise<readonly ProcessStat[]> {
    const found = await this.system.marks.find(new Set([entry.token]), this.notBefore(entry));
    return withoutDoubles([...this.inCgroup(entry), ...(found.get(entry.token) ?? [])]);
  }

  private inCgroup(entry: GenerationEntry): readonly ProcessStat[] {
    const members = this.cgroupOf(entry)?.members();
    if (members === undefined || !members.ok) return [];
    const reader = new ProcessStatReader();
    const rows = members.value.flatMap((pid) => reader.read(pid) ?? []);
    return rows.filter((row) => !hasEnded(row));
  }

  private notBefore(entry: GenerationEntry): number {
    return entry.bornTicks;
  }

  private inBackground(entry: GenerationEntry, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.system.log("error", `a signal to the tree of ${describeGeneration(entry.id)} failed: ${String(error)}`);
    });
  }
}

function withoutDoubles(rows: readonly ProcessStat[]): readonly ProcessStat[] {
  return [...new Map(rows.map((row) => [row.pid, row])).values()];
}

/**
 * `web.1.7`: each generation has its own, so that none begins in a cgroup that was killed (some kernels then kill who is
 * born in it), and two generations can live side by side during a switch.
 */
function cgroupName({ id }: GenerationEntry): string {
  return `${instanceFileName(id.instance)}.${id.generation}`;
}
