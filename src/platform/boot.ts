import { readFileSync, readlinkSync } from "node:fs";

/** What a pid must be seen together with: pids begin anew at each boot, and each pid namespace has its own. */
export interface Boot {
  /** changes with every boot of the host */
  readonly bootId: string;
  /** inode of the pid namespace of this process */
  readonly pidNamespace: number;
}

/** Reads both from /proc. Throws when /proc is not mounted: without it nothing can be supervised. */
export function readBoot(): Boot {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  const namespace = /^pid:\[(\d+)\]$/.exec(readlinkSync("/proc/self/ns/pid"))?.[1];
  if (namespace === undefined)
    throw new Error("cannot tell the pid namespace of this process: /proc/self/ns/pid is odd");
  return { bootId, pidNamespace: Number(namespace) };
}
