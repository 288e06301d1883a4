import { describe, expect, test } from "bun:test";
import { closeSync, fstatSync, readFileSync } from "node:fs";
import { openLibc } from "./libc.ts";
import { openMemoryFile } from "./memory-file.ts";

describe("a memory file", () => {
  test("is read from its beginning, also by another process", async () => {
    const bytes = new Uint8Array(300_000).map((_, index) => index % 251);
    const descriptor = openMemoryFile(openLibc(), bytes);
    const child = Bun.spawn(["cat"], { stdin: descriptor, stdout: "pipe" });
    closeSync(descriptor);
    expect(Buffer.from(await new Response(child.stdout).arrayBuffer()).equals(bytes)).toBe(true);
    await child.exited;
  });

  test("may be empty", () => {
    const descriptor = openMemoryFile(openLibc(), new Uint8Array());
    expect(readFileSync(descriptor).length).toBe(0);
    closeSync(descriptor);
  });

  test("leaves no descriptor when there is no room", () => {
    const libc = openLibc();
    let opened = -1;
    const full = {
      memfdCreate: (name: string, flags: number) => {
        opened = libc.memfdCreate(name, flags);
        return opened;
      },
      write: () => -28,
    };
    expect(() => openMemoryFile(full, new Uint8Array(1))).toThrow("errno 28");
    expect(() => fstatSync(opened)).toThrow();
    expect(() => openMemoryFile({ memfdCreate: () => -12, write: () => 0 }, new Uint8Array(1))).toThrow("errno 12");
  });
});
