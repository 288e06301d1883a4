import { loadedLibcPath } from "../platform/libc-path.ts";

/** A request to the search process, one JSON text a line; the answer is a line `[ordinal, …]` or `"slow"`. */
export interface PatternRequest {
  readonly pattern: string;
  readonly lines: readonly string[];
  readonly lineLimitMs: number;
}

/**
 * What the search process runs. It is handed over as source text, so it may use nothing but its own lines and globals.
 *
 * JavaScriptCore gives up on some patterns after some 0.3 s and then says "no match"; so a line that takes longer than
 * the limit (twice, since the process may have had to wait for a core) is answered as slow, never as not matching.
 */
async function runPatternProcess(libcPath: string | null): Promise<void> {
  const dieWithParent = (path: string) => {
    const { dlopen } = process.getBuiltinModule("bun:ffi") as typeof import("bun:ffi");
    const words = { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" } as const;
    dlopen(path, { prctl: words }).symbols.prctl(1 /* PR_SET_PDEATHSIG */, 9n /* SIGKILL */, 0n, 0n, 0n);
  };
  const search = (request: { pattern: string; lines: string[]; lineLimitMs: number }): unknown => {
    const pattern = new RegExp(request.pattern);
    const found: number[] = [];
    for (const [ordinal, line] of request.lines.entries()) {
      const beganMs = performance.now();
      let matches = pattern.test(line);
      if (performance.now() - beganMs > request.lineLimitMs) {
        const againMs = performance.now();
        matches = pattern.test(line);
        if (performance.now() - againMs > request.lineLimitMs) return "slow";
      }
      if (matches) found.push(ordinal);
    }
    return found;
  };
  // Waiting for input it sees the end of its parent; in a search that lasts for hours only this ends it.
  if (libcPath !== null) dieWithParent(libcPath);
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  for await (const chunk of Bun.stdin.stream()) {
    const parts = decoder.decode(chunk, { stream: true }).split("\n");
    while (parts.length > 1) {
      pieces.push(parts.shift() ?? "");
      const request = pieces.join("");
      pieces = [];
      process.stdout.write(`${JSON.stringify(search(JSON.parse(request)))}\n`);
    }
    pieces.push(parts[0] ?? "");
  }
  process.exit(0);
}

/** @param maps the text of `/proc/self/maps`, from which the C library is known */
export function patternProcessSource(maps: string): string {
  return `(${runPatternProcess.toString()})(${JSON.stringify(loadedLibcPath(maps) ?? null)})`;
}
