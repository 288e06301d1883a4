import { mkdirSync } from "node:fs";

/** Null, or why no file system can be mounted here: then the tests that need a small one are skipped. */
export function whyNoMount(): string | null {
  if (process.getuid?.() !== 0) return "mounting needs root";
  const tried = Bun.spawnSync(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]);
  return tried.success ? null : `this host lets nobody mount: ${tried.stderr.toString().trim()}`;
}

/** A file system of `size` (as in `2m`) at `path` until the end of the block, also while somebody still uses it. */
export function tinyDisk(path: string, size: string): Disposable & { remount(options: string): void } {
  mkdirSync(path, { recursive: true });
  mount("-t", "tmpfs", "-o", `size=${size},mode=0700`, "none", path);
  return {
    remount: (options) => mount("-o", `remount,${options}`, path),
    [Symbol.dispose]: () => void Bun.spawnSync(["umount", "--lazy", path]),
  };
}

function mount(...words: string[]): void {
  const mounted = Bun.spawnSync(["mount", ...words]);
  if (!mounted.success) throw new Error(`cannot mount: ${mounted.stderr.toString()}`);
}
