import { readFile } from "node:fs/promises";
import type { ProcessSnapshot } from "./process-snapshot.ts";
import { hasEnded, type ProcessStat } from "./process-stat.ts";
import type { ProcessTable } from "./process-table.ts";

/** The variable that every program of ours gets, and that what it starts inherits. */
export const MARK_VARIABLE = "MUSTER_TOKEN";

/** How many environments are read at once, and how long one may take. */
const READERS = 8;
const READ_LIMIT_MS = 1_000;

/**
 * Finds processes by what they carry and not by who their parent is: what is left of a tree whose shim was killed.
 * A mark can be missed: a program may write over its environment, or start children without it.
 */
export class ProcessMarks {
  private readonly table: ProcessTable;

  constructor(table: ProcessTable) {
    this.table = table;
  }

  /**
   * One pass for any number of tokens. Environments are read on the pool's threads: reading that of a process that
   * hangs inside the kernel can hang as well, and is given up after a second.
   * @param notBeforeTicks start time of the oldest process that can be meant; older ones are not looked at
   * @returns an entry for every token of which something lives
   */
  async find(tokens: ReadonlySet<string>, notBeforeTicks = 0): Promise<Map<string, ProcessStat[]>> {
    const found = new Map<string, ProcessStat[]>();
    const snapshot = await this.table.scanSliced();
    const queue = [...snapshot.rows.values()].filter((row) => !hasEnded(row) && row.startTicks >= notBeforeTicks);
    const work = async () => {
      for (let row = queue.pop(); row; row = queue.pop()) {
        const token = markIn(await readEnvironment(row.pid));
        if (token === undefined || !tokens.has(token)) continue;
        const rows = found.get(token);
        if (rows) rows.push(row);
        else found.set(token, [row]);
      }
    };
    await Promise.all(Array.from({ length: READERS }, work));
    return found;
  }
}

/**
 * What lives in the session that the process `leader` began. A session's number stays taken while it has members, so
 * members are its own as long as the leader itself is there or nobody; a weaker sign than a mark once the leader is gone.
 */
export function sessionMembers(snapshot: ProcessSnapshot, leader: { pid: number; startTicks: number }): ProcessStat[] {
  const holder = snapshot.get(leader.pid);
  if (holder && holder.startTicks !== leader.startTicks) return [];
  return [...snapshot.rows.values()].filter(
    (row) => row.session === leader.pid && row.startTicks >= leader.startTicks && !hasEnded(row),
  );
}

/** The mark in an environment as /proc shows it: variables, each ended by a NUL. */
function markIn(environment: Buffer | undefined): string | undefined {
  const sought = `${MARK_VARIABLE}=`;
  for (let at = environment?.indexOf(sought) ?? -1; environment && at >= 0; at = environment.indexOf(sought, at + 1)) {
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, at);
    return environment.toString("latin1", at + sought.length, end < 0 ? environment.length : end);
  }
  return undefined;
}

async function readEnvironment(pid: number): Promise<Buffer | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), READ_LIMIT_MS);
  });
  try {
    return await Promise.race([readFile(`/proc/${pid}/environ`), tooLate]);
  } catch {
    // It ended, or belongs to another user.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
