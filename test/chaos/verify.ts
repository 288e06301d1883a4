import { Database } from "bun:sqlite";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ChaosHost } from "./chaos-host.ts";
import { type ChaosService, chaosServices, notesDirectory } from "./chaos-services.ts";
import { NumberedOutput } from "./numbered-output.ts";

export interface Verdict {
  readonly faults: readonly string[];
  readonly lines: number;
  readonly files: number;
  /** generations that ran */
  readonly starts: number;
  /** ends that the programs themselves noted */
  readonly ends: number;
  /** ends that the journal could not know */
  readonly unknown: number;
  /** generations whose last lines fell into the moment in which they had no shim */
  readonly cutByShim: number;
}

interface OwnEnd {
  readonly lines: number;
  /** `code 3`, `signal SEGV` */
  readonly how: string;
}

interface Notes {
  readonly starts: readonly number[];
  readonly ends: ReadonlyMap<number, OwnEnd>;
}

/** Compares what the programs know of themselves with what Muster kept. */
export function verify(host: ChaosHost, directory: string): Verdict {
  const faults = [...host.faults];
  const counts = { lines: 0, files: 0, starts: 0, ends: 0, unknown: 0, cutByShim: 0 };
  const journal = readJournal(join(host.stateDirectory, "journal.db"));
  for (const service of chaosServices()) {
    const notes = readNotes(notesDirectory(directory, service));
    counts.starts += notes.starts.length;
    counts.ends += notes.ends.size;
    const known = journal.get(`${service.name}:1`) ?? new Map<number, string[]>();
    const lostShim = (generation: number): boolean => host.shimKilled.has(`${service.name}.1/${generation}`);
    const ends = compareEnds(notes, known, lostShim);
    counts.unknown += [...known.values()].filter((told) => told.includes("unknown")).length;
    for (const fault of ends) faults.push(`${service.name}: ${fault}`);
    for (const stream of service.streams) {
      const seen = readOutput(join(host.stateDirectory, "logs"), service, stream);
      counts.files += seen.files;
      for (const { lines } of seen.output.generations.values()) counts.lines += lines;
      const compared = compareLines(notes, seen.output, lostShim);
      counts.cutByShim += compared.cutByShim;
      for (const fault of [...seen.output.faults, ...compared.faults])
        faults.push(`${service.name} ${stream}: ${fault}`);
    }
  }
  return { faults, ...counts };
}

function readNotes(directory: string): Notes {
  const starts = readLines(join(directory, "starts")).map(Number);
  const ends = readLines(join(directory, "ends")).map((line): [number, OwnEnd] => {
    const [generation, lines, ...how] = line.split(" ");
    return [Number(generation), { lines: Number(lines), how: how.join(" ") }];
  });
  return { starts, ends: new Map(ends) };
}

function readLines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
}

/** What the journal says of each end: instance, generation, and `code 3`, `signal SEGV` or `unknown`, once for each event. */
function readJournal(path: string): Map<string, Map<number, string[]>> {
  const found = new Map<string, Map<number, string[]>>();
  using database = new Database(path);
  const rows = database.query("SELECT subject, data FROM event WHERE kind = 'instance.exited'").all();
  for (const { subject, data } of rows as { subject: string; data: string }[]) {
    const { generation, code, signal } = JSON.parse(data) as { generation: number; code?: number; signal?: string };
    const how = code !== undefined ? `code ${code}` : signal !== undefined ? `signal ${signal}` : "unknown";
    const instance = found.get(subject) ?? new Map<number, string[]>();
    found.set(subject, instance.set(generation, [...(instance.get(generation) ?? []), how]));
  }
  return found;
}

/** Signals that come from Muster itself: to a program that has noted no end. */
const FROM_OUTSIDE = new Set(["signal TERM", "signal KILL"]);

function* compareEnds(
  notes: Notes,
  journal: ReadonlyMap<number, readonly string[]>,
  lostShim: (generation: number) => boolean,
): Iterable<string> {
  if (new Set(notes.starts).size !== notes.starts.length) yield "a generation ran twice";
  for (const generation of notes.starts) {
    const told = journal.get(generation) ?? [];
    const own = notes.ends.get(generation)?.how;
    const name = `generation ${generation}`;
    const [how = ""] = told;
    if (told.length !== 1)
      yield `the end of ${name} (${own ?? "ended from outside"}) is in the journal ${told.length} times: ${told}`;
    else if (how === "unknown" && lostShim(generation)) continue;
    else if (own !== undefined && how !== own) yield `${name} ended with ${own}, the journal says ${how}`;
    else if (own === undefined && !FROM_OUTSIDE.has(how))
      yield `${name} was ended from outside, the journal says ${how}`;
  }
}

function readOutput(
  logs: string,
  service: ChaosService,
  stream: "out" | "err",
): { output: NumberedOutput; files: number } {
  const current = `${service.name}.1.${stream}.log`;
  const rotated = readdirSync(logs).filter((name) => name.startsWith(`${current}.`) && !name.endsWith(".idx"));
  const output = new NumberedOutput();
  const names = [...rotated.sort(), current];
  for (const name of names) if (existsSync(join(logs, name))) output.add(readFileSync(join(logs, name)));
  output.end();
  return { output, files: names.length };
}

/** What a program wrote before it ended while it had no shim is the one thing that may be missing: from the end, not from within. */
function compareLines(
  notes: Notes,
  output: NumberedOutput,
  lostShim: (generation: number) => boolean,
): { faults: string[]; cutByShim: number } {
  const faults: string[] = [];
  let cutByShim = 0;
  for (const [generation, { lines }] of notes.ends) {
    const seen = output.generations.get(generation) ?? { lines: 0, isCut: false };
    if (seen.lines === lines && !seen.isCut) continue;
    if (lostShim(generation) && seen.lines <= lines) cutByShim++;
    else
      faults.push(
        `generation ${generation} wrote ${lines} lines, the log has ${seen.lines}${seen.isCut ? " and a cut one" : ""}`,
      );
  }
  for (const generation of output.generations.keys()) {
    if (!notes.starts.includes(generation)) faults.push(`the log has a generation ${generation} that never ran`);
  }
  return { faults, cutByShim };
}
