import type { Clock } from "../base/clock.ts";
import type { InstanceId } from "../model/name.ts";
import { CgroupRoot } from "../platform/cgroup.ts";
import type { Libc } from "../platform/libc.ts";
import { OutOfMemoryWatch } from "../platform/out-of-memory.ts";
import { ProcessHandles } from "../platform/process-handle.ts";
import type { ProcessIdentities } from "../platform/process-identity.ts";
import { ProcessMarks } from "../platform/process-marks.ts";
import { ProcessTable } from "../platform/process-table.ts";
import { ProcessTree } from "../platform/process-tree.ts";
import { Bell } from "../platform/shim/bell.ts";
import { Launcher } from "../platform/shim/launcher.ts";
import type { ShimProgram } from "../platform/shim/shim-program.ts";
import { GenerationBroom } from "../services/drivers/generation-broom.ts";
import { OutputHold } from "../services/drivers/output-hold.ts";
import { ShimProcesses, type ShimProcessesPorts } from "../services/drivers/shim-processes.ts";
import { TreeControl } from "../services/drivers/tree-control.ts";
import type { DaemonPaths } from "./options.ts";

export interface ProcessSideParts {
  readonly clock: Clock;
  readonly libc: Libc;
  readonly identities: ProcessIdentities;
  readonly shim: ShimProgram;
  readonly paths: DaemonPaths;
  /** false: whole trees are ended by way of their shims, as where no cgroup is to be had */
  readonly useCgroups: boolean;
  log(level: "warn" | "error", message: string): void;
  launcherLost(): void;
  /** Resolves when everything recorded so far is on disk. */
  whenRecorded(): Promise<void>;
}

/** A launcher that dies again within this is waited for so long before the next is tried. */
const LAUNCHER_PAUSE_MS = 100;

/** Everything between the supervisor and the kernel: launcher, bell, trees. Begins and ends as one. */
export class ProcessSide implements AsyncDisposable {
  readonly processes: ShimProcesses;
  readonly table: ProcessTable;
  readonly trees: TreeControl;
  private readonly parts: ProcessSideParts;
  private readonly cgroups: CgroupRoot | null;
  private launcher: Launcher;
  private launcherSinceMs: number;
  private readonly broom: GenerationBroom;
  private readonly memoryWatch: OutOfMemoryWatch;
  private bell: Bell | null = null;
  private closed = false;
  private pause: Disposable | null = null;

  constructor(
    parts: ProcessSideParts,
    ports: Omit<
      ShimProcessesPorts,
      | "clock"
      | "identities"
      | "handles"
      | "trees"
      | "instancesDirectory"
      | "orders"
      | "ended"
      | "outOfMemory"
      | "holdOutput"
    >,
  ) {
    this.parts = parts;
    const { clock, libc, identities, paths } = parts;
    const handles = new ProcessHandles(libc, identities);
    this.table = new ProcessTable();
    const tree = new ProcessTree(this.table, handles, identities);
    this.cgroups = !parts.useCgroups ? null : openCgroups(paths.stateDirectory, parts.log);
    const marks = new ProcessMarks(this.table);
    this.trees = new TreeControl({ libc, handles, identities, tree, marks, cgroups: this.cgroups, log: parts.log });
    this.launcher = this.startLauncher();
    this.launcherSinceMs = clock.monotonicMs();
    this.memoryWatch = new OutOfMemoryWatch(clock);
    this.broom = new GenerationBroom({
      clock,
      instancesDirectory: paths.instances,
      whenRecorded: parts.whenRecorded,
      warn: (message) => parts.log("warn", message),
    });
    this.processes = new ShimProcesses({
      ...ports,
      ended: (instance) => this.broom.ended(instance),
      holdOutput: (directory) => new OutputHold(libc, directory),
      outOfMemory: (cgroup) => this.memoryWatch.struck(cgroup),
      clock,
      identities,
      handles,
      trees: this.trees,
      instancesDirectory: paths.instances,
      orders: () => this.launcher,
    });
  }

  /** From now on facts come in. What happened before is in the generation directories. */
  listen(): void {
    const { paths, libc, clock } = this.parts;
    this.bell = Bell.open(paths.bell, libc, clock, {
      onLine: (line) => this.processes.ring(line),
      onMissed: () => this.processes.readAll(),
    });
  }

  /** Directories of older generations of the instance may go. */
  sweep(instance: InstanceId): void {
    this.broom.ended(instance);
  }

  get launcherPid(): number {
    return this.launcher.pid;
  }

  private startLauncher(): Launcher {
    return Launcher.start(this.parts.libc, this.parts.shim, {
      onReport: (report) => {
        if (report.kind === "gone") this.processes.shimGone(report.directory);
        else this.processes.launchFault(report.directory, report.errno);
      },
      onLost: () => this.replaceLauncher(),
    });
  }

  private replaceLauncher(): void {
    if (this.closed) return;
    this.parts.launcherLost();
    const { clock } = this.parts;
    const aliveMs = clock.monotonicMs() - this.launcherSinceMs;
    this.pause = clock.setTimer(aliveMs > LAUNCHER_PAUSE_MS ? 0 : LAUNCHER_PAUSE_MS, () => {
      try {
        this.launcher = this.startLauncher();
        this.launcherSinceMs = clock.monotonicMs();
        this.processes.launcherReplaced();
      } catch (error) {
        this.parts.log("error", `cannot start the launcher: ${String(error)}; it is tried again`);
        this.replaceLauncher();
      }
    });
  }

  /** The services go on; what was ordered is still carried out. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    this.memoryWatch[Symbol.dispose]();
    this.pause?.[Symbol.dispose]();
    this.broom[Symbol.dispose]();
    this.processes[Symbol.dispose]();
    await this.bell?.close();
    await this.launcher.close();
    this.cgroups?.removeEmpty();
  }
}

function openCgroups(stateDirectory: string, log: ProcessSideParts["log"]): CgroupRoot | null {
  const opened = CgroupRoot.open(stateDirectory);
  if (opened.ok) return opened.value;
  log("warn", `no cgroups: ${opened.error}; whole trees are ended by way of their shims`);
  return null;
}
