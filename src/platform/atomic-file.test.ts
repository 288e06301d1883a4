import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readJsonFile, writeFileAtomically } from "./atomic-file.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-atomic-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file put in place as a whole", () => {
  test("has the content and the mode, and leaves nothing beside it", () => {
    const path = join(folder, "a");
    writeFileAtomically(path, "one");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileAtomically(path, new Uint8Array([0x74, 0x77, 0x6f]), { mode: 0o640, syncDirectory: true });
    expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["two", 0o640]);
    writeFileAtomically(path, "");
    expect(readFileSync(path, "utf8")).toBe("");
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  test("what a crash left on the way, or a trap laid there, does no harm", () => {
    const [path, victim] = [join(folder, "b"), join(folder, "victim")];
    writeFileSync(victim, "untouched");
    symlinkSync(victim, `${path}.new`);
    writeFileAtomically(path, "fresh");
    expect([readFileSync(path, "utf8"), readFileSync(victim, "utf8")]).toEqual(["fresh", "untouched"]);
  });

  test("a failure is thrown and keeps the old one", () => {
    expect(() => writeFileAtomically(join(folder, "none", "c"), "x")).toThrow("ENOENT");
    mkdirSync(join(folder, "directory"));
    expect(() => writeFileAtomically(join(folder, "directory"), "x")).toThrow();
    expect(readdirSync(folder)).not.toContain("directory.new");
  });
});

describe("reading JSON", () => {
  const parse = (json: unknown) => {
    if (typeof json !== "object" || json === null || !("size" in json)) throw new Error("it has no size");
    return Number(json.size);
  };

  test("tells missing, torn and wrong apart", () => {
    const path = join(folder, "j");
    expect(readJsonFile(path, parse)).toEqual({ ok: false, error: { kind: "missing" } });
    writeFileSync(path, '{"size": 4');
    expect(readJsonFile(path, parse)).toMatchObject({ ok: false, error: { kind: "broken" } });
    writeFileSync(path, "[]");
    expect(readJsonFile(path, parse)).toEqual({ ok: false, error: { kind: "broken", reason: "it has no size" } });
    writeFileSync(path, '{"size": 4}');
    expect(readJsonFile(path, parse)).toEqual({ ok: true, value: 4 });
    expect(readJsonFile(folder, parse)).toMatchObject({ ok: false, error: { kind: "broken" } });
  });
});
