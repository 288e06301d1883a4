import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareGeneration, readGeneration, voidClaim, writeEmptySeen } from "./generation-directory.ts";

const base = mkdtempSync(join(tmpdir(), "muster-generation-"));
afterAll(() => rmSync(base, { recursive: true }));
let count = 0;

function fresh(files: Readonly<Record<string, string>> = {}): string {
  const directory = join(base, String(++count));
  mkdirSync(directory);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return directory;
}

const NOTHING = {
  spec: undefined,
  shim: undefined,
  claim: undefined,
  failed: undefined,
  exit: undefined,
  empty: undefined,
  lost: undefined,
  ready: undefined,
  main: undefined,
};

describe("a generation directory", () => {
  test("that is not there holds nothing", () => {
    expect(readGeneration(join(base, "none"))).toEqual(NOTHING);
  });

  test("with garbage in every file holds nothing", () => {
    const names = ["spec", "shim", "claim", "failed", "exit", "empty", "lost", "ready", "main"];
    expect(readGeneration(fresh(Object.fromEntries(names.map((name) => [name, "\0\xff garbage"]))))).toEqual(NOTHING);
    expect(readGeneration(fresh(Object.fromEntries(names.map((name) => [name, ""]))))).toEqual(NOTHING);
  });

  test("tells when readiness was said, and which process is the main one", () => {
    const directory = fresh({ ready: "1700 50\n", main: "2efc1780-19a7-4dcf-bf2e-b2a00833c9fc 1 2 3\n" });
    expect(readGeneration(directory)).toMatchObject({
      ready: { wallMs: 1700, monotonicMs: 50 },
      main: { pid: 2, startTicks: 3 },
    });
  });

  test("is prepared once", () => {
    const directory = join(base, "web.1", "3");
    const spec = { name: "web:1", generation: 3, token: "a", command: ["true"], environment: {}, directory: "/" };
    const log = { outPath: "/o", errPath: null, sizeBytes: 0, onFull: "drop", archive: null } as const;
    prepareGeneration(directory, spec, log);
    expect(readdirSync(directory).sort()).toEqual(["log", "spec"]);
    expect(() => prepareGeneration(directory, spec, log)).toThrow("EEXIST");
  });

  test("is void once, whoever asks again", () => {
    const directory = fresh();
    expect(voidClaim(directory)).toEqual({ kind: "void" });
    expect(voidClaim(directory)).toEqual({ kind: "void" });
    expect(readdirSync(directory)).toEqual(["claim"]);
  });

  test("that a program has claimed is not made void", () => {
    const claim = "2efc1780-19a7-4dcf-bf2e-b2a00833c9fc 1 2 3\n";
    const directory = fresh({ claim });
    expect(voidClaim(directory)).toMatchObject({ kind: "program", identity: { pid: 2 } });
    expect(readFileSync(join(directory, "claim"), "utf8")).toBe(claim);
  });

  test("keeps the proof of emptiness", () => {
    const proved = fresh({ empty: "proved 1 2\n" });
    writeEmptySeen(proved, { wallMs: 5, monotonicMs: 6.7 });
    expect(readGeneration(proved).empty).toEqual({ kind: "proved", wallMs: 1, monotonicMs: 2 });
    const open = fresh();
    writeEmptySeen(open, { wallMs: 5, monotonicMs: 6.7 });
    expect(readGeneration(open).empty).toEqual({ kind: "seen", wallMs: 5, monotonicMs: 7 });
  });
});
