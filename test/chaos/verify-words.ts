import { Database } from "bun:sqlite";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ChaosHost } from "./chaos-host.ts";
import { notesDirectory } from "./chaos-services.ts";

export interface WordsVerdict {
  readonly faults: readonly string[];
  /** words whose speaker was told that they are on file */
  readonly confirmed: number;
  readonly journaled: number;
  /** generations that were told that their READY is on file */
  readonly ready: number;
}

interface Row {
  readonly kind: string;
  readonly message: string;
  readonly data: string;
}

const MOST_FAULTS = 5;

/** Compares what the programs were told with what the journal has. */
export function verifyWords(host: ChaosHost, directory: string): WordsVerdict {
  const faults = [...host.faults];
  const counts = { confirmed: 0, journaled: 0, ready: 0 };
  using journal = new Database(join(host.stateDirectory, "journal.db"));
  const query = journal.query(
    "SELECT kind, message, coalesce(data, '{}') AS data FROM event WHERE subject = ? ORDER BY id",
  );
  for (const service of host.services) {
    const rows = query.all(`${service.name}:1`) as Row[];
    const notes = notesDirectory(directory, service);
    const lostShim = (generation: string): boolean => host.shimKilled.has(`${service.name}.1/${generation}`);
    const words = rows.filter(({ kind }) => kind === "service.log").map(({ message }) => message);
    const confirmed = readLines(join(notes, "confirmed"));
    const ready = readLines(join(notes, "ready"));
    counts.confirmed += confirmed.length;
    counts.journaled += words.length;
    counts.ready += ready.length;
    const found = [
      ...missing(confirmed, words),
      ...doubled(words),
      ...unsaid(rows, lostShim),
      ...readyFaults(ready, rows),
    ];
    for (const fault of found.slice(0, MOST_FAULTS)) faults.push(`${service.name}: ${fault}`);
  }
  return { faults, ...counts };
}

function readLines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
}

/** Also where the shim was killed: only what it had on file was confirmed. */
function* missing(confirmed: readonly string[], words: readonly string[]): Iterable<string> {
  const there = new Set(words);
  for (const word of confirmed) if (!there.has(word)) yield `"${word}" was confirmed, but is not in the journal`;
}

/** Twice, or not in the order in which they were said. */
function* doubled(words: readonly string[]): Iterable<string> {
  const last = new Map<string, number>();
  for (const word of words) {
    const [generation = "", number] = word.split(" ");
    const before = last.get(generation) ?? 0;
    if (Number(number) <= before) yield `"${word}" comes after "${generation} ${before}"`;
    last.set(generation, Number(number));
  }
}

/** What was not taken though a process of the service said it, or was lost without a shim's death. */
function* unsaid(rows: readonly Row[], lostShim: (generation: string) => boolean): Iterable<string> {
  for (const { kind, message, data } of rows) {
    if (kind !== "service.unheard" && kind !== "service.words-lost") continue;
    const { generation } = JSON.parse(data) as { generation: number };
    if (!lostShim(String(generation))) yield `${kind} of generation ${generation}: ${message}`;
  }
}

/** Who said READY has not failed to start, and was not late. The event of it may die with a daemon, as any of its last moment. */
function* readyFaults(ready: readonly string[], rows: readonly Row[]): Iterable<string> {
  const said = new Set(ready);
  const isReady = new Set<string>();
  let newest = "";
  for (const { kind, message, data } of rows) {
    const { generation = newest, said: word } = JSON.parse(data) as { generation?: number | string; said?: string };
    newest = String(generation);
    if (kind === "instance.ready") isReady.add(newest);
    if (!said.has(newest)) continue;
    if (message.includes("before it was ready")) yield `generation ${newest} said READY, but: ${message}`;
    if (word === "READY=1" && isReady.has(newest))
      yield `generation ${newest} said READY, which counted and was called late`;
  }
}
