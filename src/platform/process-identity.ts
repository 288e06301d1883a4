import type { Boot } from "./boot.ts";
import { hasEnded, ProcessStatReader } from "./process-stat.ts";

/** A process, told apart from every other one that ever had or will have its pid. */
export interface ProcessIdentity {
  readonly bootId: string;
  readonly pidNamespace: number;
  readonly pid: number;
  /** field 22 of `/proc/<pid>/stat` */
  readonly startTicks: number;
}

/** The form of records: `<boot id> <pid namespace inode> <pid> <start time in clock ticks>`. */
export function formatIdentity(identity: ProcessIdentity): string {
  return `${identity.bootId} ${identity.pidNamespace} ${identity.pid} ${identity.startTicks}`;
}

/** @returns undefined when the text is not exactly the form of records (a line's end after it is taken) */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const match = /^([0-9a-f-]{8,64}) (\d{1,15}) ([1-9]\d{0,9}) (\d{1,15})\n?$/.exec(text);
  if (!match) return undefined;
  const [, bootId = "", pidNamespace, pid, startTicks] = match;
  return { bootId, pidNamespace: Number(pidNamespace), pid: Number(pid), startTicks: Number(startTicks) };
}

/** Looks processes up by identity. Each question reads one small file: about 10 us. */
export class ProcessIdentities {
  readonly boot: Boot;
  private readonly reader = new ProcessStatReader();

  constructor(boot: Boot) {
    this.boot = boot;
  }

  /** @returns undefined when no process has that pid, or it has ended */
  identify(pid: number): ProcessIdentity | undefined {
    const stat = this.reader.read(pid);
    if (!stat || hasEnded(stat)) return undefined;
    return { ...this.boot, pid, startTicks: stat.startTicks };
  }

  /**
   * Whether that very process still runs. One of another boot or another pid namespace does not, as seen from here; a
   * zombie has ended; who took over the pid is somebody else.
   */
  isAlive(identity: ProcessIdentity): boolean {
    if (!this.isOfHere(identity)) return false;
    const stat = this.reader.read(identity.pid);
    return stat !== undefined && stat.startTicks === identity.startTicks && !hasEnded(stat);
  }

  /** Whether its pid means anything here: same boot, same pid namespace. */
  isOfHere(identity: ProcessIdentity): boolean {
    return identity.bootId === this.boot.bootId && identity.pidNamespace === this.boot.pidNamespace;
  }
}
