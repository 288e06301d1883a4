import { readFile } from "node:fs/promises";
import type { Quarry } from "./process-hunt.ts";
import type { ProcessSnapshot } from "./process-snapshot.ts";
import { hasEnded, type ProcessStat } from "./process-stat.ts";
import type { ProcessTable } from "./process-table.ts";

/** The variable that every program of ours gets, and that what it starts inherits. */
export const MARK_VARIABLE = "MUSTER_TOKEN";

/** How many environments are read at once, and how long one may take. */
const READERS = 8;
const READ_LIMIT_MS = 1_000;
const EMPTY_READS = 4;

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
    const snapshot = await this.table.scanSliced();
    return sortByMark([...snapshot.rows.values()], tokens, notBeforeTicks);
  }

  /** What carries one token, for a hunt. */
  quarry(token: string, notBeforeTicks = 0): Quarry {
    const select = async (rows: readonly ProcessStat[]) =>
      (await sortByMark(rows, new Set([token]), notBeforeTicks)).get(token) ?? [];
    return { among: (all) => select([...all.rows.values()]), amongFresh: select };
  }
}

async function sortByMark(
  rows: readonly ProcessStat[],
  tokens: ReadonlySet<string>,
  notBeforeTicks: number,
): Promise<Map<string, ProcessStat[]>> {
  const found = new Map<string, ProcessStat[]>();
  const queue = rows.filter((row) => !hasEnded(row) && row.startTicks >= notBeforeTicks);
  const work = async () => {
    for (let row = queue.pop(); row; row = queue.pop()) {
      const token = markIn(await readSettledEnvironment(row));
      if (token === undefined || !tokens.has(token)) continue;
      const same = found.get(token);
      if (same) same.push(row);
      else found.set(token, [row]);
    }
  };
  await Promise.all(Array.from({ length: READERS }, work));
  return found;
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

/** In the middle of an `execve` a process has no environment for a moment: then it is asked again. */
async function readSettledEnvironment(row: ProcessStat): Promise<Buffer | undefined> {
  if (row.isKernelThread) return undefined;
  for (let reading = 1; ; reading++) {
    const environment = await readEnvironment(row.pid);
    if (environment?.length !== 0 || reading === EMPTY_READS) return environment;
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
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
