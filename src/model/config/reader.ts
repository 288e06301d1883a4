import type { Result } from "../../base/result.ts";

/** How a configuration is read; handed in, so that reading it decides nothing and needs no disk. */
export interface ConfigurationReader {
  /** The bytes of a file, or why it cannot be read, in words. */
  read(path: string): Promise<Result<Uint8Array, string>>;
  /** The files that an absolute pattern with `*` and `?` stands for, sorted by name. */
  glob(pattern: string): Promise<readonly string[]>;
  /** A digest of a file's content, or null when it cannot be read. */
  digest(path: string): Promise<string | null>;
  /** What is doubtful about a file that holds a secret, in words; null: nothing. The secret is not read. */
  secretDoubt(path: string): Promise<string | null>;
  /** of this host */
  readonly hostName: string;
}

/**
 * All that was read for one configuration, as JSON: kept with each applied one, so that it can be
 * loaded again as it was. It holds no secret of `[alerts]`, whose files and variables are read when they are needed; it may
 * hold others that came from the environment: only the daemon's user may read where it lies.
 */
export interface Snapshot {
  readonly path: string;
  readonly texts: Readonly<Record<string, string>>;
  readonly globs: Readonly<Record<string, readonly string[]>>;
  readonly digests: Readonly<Record<string, string>>;
  /** the variables that were taken from the environment */
  readonly environment: Readonly<Record<string, string>>;
  readonly hostName: string;
}

/** Reads what a snapshot holds and nothing else. */
export function snapshotReader(snapshot: Snapshot): ConfigurationReader {
  return {
    read: async (path) => {
      const text = Object.hasOwn(snapshot.texts, path) ? snapshot.texts[path] : undefined;
      if (text === undefined) return { ok: false, error: "it is not in the snapshot" };
      return { ok: true, value: new TextEncoder().encode(text) };
    },
    glob: async (pattern) => (Object.hasOwn(snapshot.globs, pattern) ? (snapshot.globs[pattern] ?? []) : []),
    digest: async (path) => (Object.hasOwn(snapshot.digests, path) ? (snapshot.digests[path] ?? null) : null),
    secretDoubt: async () => null,
    hostName: snapshot.hostName,
  };
}
