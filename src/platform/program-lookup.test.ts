import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { programFault } from "./program-lookup.ts";

const [ENOENT, EACCES] = [2, 13];

describe("a program that is looked for", () => {
  test("is found in the PATH, or below the directory when it has a slash", () => {
    using directory = temporaryDirectory("lookup");
    mkdirSync(directory.file("bin"));
    writeFileSync(directory.file("bin/runs"), "", { mode: 0o755 });
    expect(programFault("runs", `/nowhere:${directory.file("bin")}`, "/")).toBeNull();
    expect(programFault("bin/runs", "/nowhere", directory.path)).toBeNull();
    expect(programFault(directory.file("bin/runs"), undefined, "/")).toBeNull();
    expect(programFault("sh", undefined, "/")).toBeNull();
  });

  test("is missing, or there and not allowed; of several reasons the second one is told", () => {
    using directory = temporaryDirectory("lookup");
    mkdirSync(directory.file("a/runs"), { recursive: true });
    writeFileSync(directory.file("plain"), "", { mode: 0o644 });
    expect(programFault("runs", "/nowhere", directory.path)).toBe(ENOENT);
    expect(programFault("./plain", "", directory.path)).toBe(EACCES);
    expect(programFault("./plain/below", "", directory.path)).toBe(ENOENT);
    expect(programFault("plain", `${directory.path}:/nowhere`, "/")).toBe(EACCES);
    expect(programFault("runs", `${directory.file("a")}:/nowhere`, "/")).toBe(EACCES);
  });
});
