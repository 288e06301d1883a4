import { beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { directoryForEachTest } from "../../../test/support/temporary-directory.ts";
import type { BellRecord } from "../../platform/shim/records.ts";
import { testService } from "../simulation/services.ts";
import { type GenerationEntry, newEntry } from "./generation-entry.ts";
import { GenerationFacts } from "./generation-facts.ts";
import { OutputHold } from "./output-hold.ts";
import type { TreeControl } from "./tree-control.ts";

const directory = directoryForEachTest("generation-facts");
const IDENTITY = { bootId: "2efc1780-19a7-4dcf-bf2e-b2a00833c9fc", pidNamespace: 4026531836, pid: 77, startTicks: 9 };
const CLAIM_TEXT = "2efc1780-19a7-4dcf-bf2e-b2a00833c9fc 4026531836 77 9\n";
const TIMES = { wallMs: 1_700_000_000_000, monotonicMs: 5_000 };

const CLAIM: BellRecord = { kind: "claim", claim: { kind: "program", identity: IDENTITY } };
const EXIT: BellRecord = { kind: "exit", exit: { kind: "code", code: 3, ...TIMES } };
const EMPTY: BellRecord = { kind: "empty", empty: { kind: "proved", ...TIMES } };

let told: string[] = [];
let facts: GenerationFacts;
let entry: GenerationEntry;

beforeEach(() => {
  told = [];
  facts = new GenerationFacts({
    trees: {
      leave: () => told.push("left"),
      cgroupDirectory: () => null,
    } as unknown as TreeControl,
    ended: () => told.push("ended"),
    outOfMemory: () => true,
    holdOutput: (directory) => new OutputHold({ pendingBytes: () => 0 }, directory),
    fact: (_id, fact) => {
      const exit = fact.kind === "exited" && fact.exit.kind === "signal" && fact.exit.outOfMemory ? " for memory" : "";
      told.push(`${fact.kind}${exit}`);
    },
  });
  const id = { instance: { service: "web", number: 1 }, generation: 7, token: "t" };
  entry = newEntry(id, directory().path, testService("web"), { phase: "ordered" });
  mkdirSync(entry.directory, { recursive: true });
  facts.add(entry);
});

function write(name: string, text: string): void {
  writeFileSync(join(entry.directory, name), text);
}

describe("records become facts", () => {
  test("each once, however often it comes", () => {
    for (const record of [CLAIM, CLAIM, EXIT, CLAIM, EXIT, EMPTY, EMPTY, EXIT]) facts.take(entry, record);
    expect(told).toEqual(["launched", "exited", "emptied", "left", "ended"]);
    expect(facts.find(entry.id)).toBeUndefined();
  });

  test("the same from files as from the bell", () => {
    write("claim", CLAIM_TEXT);
    facts.readRecords(entry);
    write("exit", "signal 9 1700000000000 5000\n");
    facts.readRecords(entry);
    facts.take(entry, EXIT);
    write("empty", "proved 1700000000000 5000\n");
    facts.readRecords(entry);
    expect(told).toEqual(["launched", "exited for memory", "emptied", "left", "ended"]);
  });

  test("in their order, also when lines of the bell were lost", () => {
    write("claim", CLAIM_TEXT);
    write("exit", "code 3 1700000000000 5000\n");
    facts.take(entry, EMPTY);
    expect(told).toEqual(["launched", "exited", "emptied", "left", "ended"]);
  });

  test("an exit whose claim was not heard is preceded by it", () => {
    write("claim", CLAIM_TEXT);
    facts.take(entry, EXIT);
    expect(told).toEqual(["launched", "exited"]);
  });

  test("a KILL of our own is not blamed on the memory", () => {
    entry.killSent = true;
    facts.take(entry, CLAIM);
    facts.take(entry, { kind: "exit", exit: { kind: "signal", signal: 9, coreDumped: false, ...TIMES } });
    expect(told).toEqual(["launched", "exited"]);
  });

  test("a failed start ends it", () => {
    facts.take(entry, { kind: "failed", failed: { step: "exec", errno: 2 } });
    facts.take(entry, EMPTY);
    expect(told).toEqual(["launch-failed", "left", "ended"]);
  });
});

describe("the claim", () => {
  test("that nobody has is made void, and nothing can take it any more", () => {
    facts.settleClaim(entry);
    facts.settleClaim(entry);
    expect(told).toEqual(["voided", "left", "ended"]);
    expect(facts.readRecords(entry).claim).toEqual({ kind: "void" });
  });

  test("that the program has is told", () => {
    write("claim", CLAIM_TEXT);
    facts.settleClaim(entry);
    expect([told, entry.phase, entry.program?.pid]).toEqual([["launched"], "claimed", 77]);
  });

  test("of a directory that was removed by hand is nobody's", () => {
    entry = newEntry({ ...entry.id, token: "t" }, directory().file("gone"), testService("web"), { phase: "ordered" });
    facts.add(entry);
    facts.settleClaim(entry);
    expect(told).toEqual(["voided", "left", "ended"]);
  });
});
