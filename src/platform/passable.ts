import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Who wants to go through directories. Root may go anywhere. */
export interface Passer {
  readonly uid: number;
  /** all of its groups */
  readonly gids: readonly number[];
}

/**
 * The first directory on the way to `path`, from the root, that this user may not pass; null: the way is free.
 * @param path absolute; it is itself not looked at. A directory that is not there stops nobody
 */
export function closedDirectory(path: string, passer: Passer): string | null {
  if (passer.uid === 0) return null;
  const above = [...ancestors(path), ...ancestorsBehindLinks(path)];
  return above.find((directory) => !mayPass(directory, passer)) ?? null;
}

/** Where a directory on the way is a link, those above its target have to be passed as well. */
function ancestorsBehindLinks(path: string): string[] {
  try {
    return ancestors(join(realpathSync(dirname(path)), basename(path)));
  } catch {
    // It is not there.
    return [];
  }
}

function ancestors(path: string): string[] {
  const directories: string[] = [];
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    directories.unshift(directory);
    if (directory === dirname(directory)) return directories;
  }
}

function mayPass(directory: string, { uid, gids }: Passer): boolean {
  const status = statSync(directory, { throwIfNoEntry: false });
  if (status === undefined) return true;
  if (status.uid === uid) return (status.mode & 0o100) !== 0;
  return (status.mode & (gids.includes(status.gid) ? 0o010 : 0o001)) !== 0;
}
