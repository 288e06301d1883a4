import { open, readFile, rename } from "node:fs/promises";

/** How far a stream was copied. */
export interface RelayProgress {
  /** what names the file whatever it is called: see `OpenSegment.mark`; null: only the inode is known */
  readonly mark: string | null;
  readonly inode: number;
  readonly offset: number;
}

/** By stream, `web.1.out.log`. */
export type RelayState = ReadonlyMap<string, RelayProgress>;

/** What cannot be read is empty. */
export async function readRelayState(path: string): Promise<RelayState> {
  try {
    const entries = Object.entries(JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>);
    return new Map(entries.flatMap(([stream, progress]) => (isProgress(progress) ? [[stream, progress]] : [])));
  } catch {
    return new Map();
  }
}

export async function writeRelayState(path: string, state: RelayState): Promise<void> {
  const unfinished = `${path}.new`;
  const file = await open(unfinished, "w", 0o600);
  try {
    await file.writeFile(JSON.stringify(Object.fromEntries(state)));
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
}

function isProgress(value: unknown): value is RelayProgress {
  if (typeof value !== "object" || value === null) return false;
  const { mark, inode, offset } = value as Record<string, unknown>;
  return (mark === null || typeof mark === "string") && Number.isSafeInteger(inode) && Number.isSafeInteger(offset);
}
