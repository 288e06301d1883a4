import { afterEach } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogLine } from "../../model/log-line.ts";
import { SystemClock } from "../../platform/clock.ts";
import { openLibc } from "../../platform/libc.ts";
import { PatternSearch } from "../pattern-worker.ts";
import type { StreamName, StreamPlace } from "../places.ts";
import type { LineQuery, QuerySource } from "../query.ts";
import { LogReader } from "../reader.ts";

/** Temporary directories of a suite, removed after each test. */
export function temporaryDirectories(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
  });
  return () => {
    const directory = mkdtempSync(join(tmpdir(), "muster-logs-"));
    made.push(directory);
    return directory;
  };
}

export function placeIn(directory: string, name = "web", number = 1, stream: StreamName = "out"): StreamPlace {
  return { directory, instance: { service: name, number }, stream, archive: null };
}

export const EVERYTHING: LineQuery = {
  lines: null,
  follow: false,
  sinceMs: null,
  sinceStart: false,
  grep: null,
  stream: null,
};

export function systemClock(): SystemClock {
  return new SystemClock(openLibc());
}

export function sourcesOf(places: readonly StreamPlace[], generation = 1): readonly QuerySource[] {
  return places.map((place) => ({ place, generation }));
}

/** All lines that a query without follow gives. */
export async function readAll(sources: readonly QuerySource[], query: Partial<LineQuery> = {}): Promise<LogLine[]> {
  const clock = systemClock();
  const patterns = new PatternSearch(clock);
  const lines: LogLine[] = [];
  try {
    const reader = new LogReader({ clock, patterns });
    const signal = new AbortController().signal;
    for await (const batch of reader.read(() => sources, { ...EVERYTHING, ...query }, signal)) lines.push(...batch);
    return lines;
  } finally {
    patterns.close();
  }
}

export async function readTexts(sources: readonly QuerySource[], query: Partial<LineQuery> = {}): Promise<string[]> {
  return (await readAll(sources, query)).map((line) => line.text);
}
