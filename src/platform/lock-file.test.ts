import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLibc } from "./libc.ts";
import { LockFile, readHolder } from "./lock-file.ts";

const libc = openLibc();
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-lock-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ME = { pid: 42, since: "2026-01-01T00:00:00.000+00:00" };

describe("the lock", () => {
  test("is had by one; the second learns by whom, and gets it once it is given back", () => {
    const path = join(folder, "one");
    const first = LockFile.acquire(libc, path, ME);
    expect(first.ok).toBe(true);
    expect(LockFile.acquire(libc, path, { ...ME, pid: 43 })).toEqual({
      ok: false,
      error: { kind: "held", holder: ME },
    });
    if (first.ok) {
      first.value.release();
      first.value.release();
    }
    const third = LockFile.acquire(libc, path, { ...ME, pid: 44 });
    expect([third.ok, readHolder(path)?.pid]).toEqual([true, 44]);
    if (third.ok) third.value[Symbol.dispose]();
  });

  test("is not lost with its file, which can be written anew", () => {
    const path = join(folder, "removed");
    const first = LockFile.acquire(libc, path, ME);
    if (!first.ok) throw new Error("not free");
    using lock = first.value;
    rmSync(path);
    expect(LockFile.acquire(libc, path, { ...ME, pid: 43 })).toMatchObject({ ok: false, error: { kind: "held" } });
    rmSync(path);
    lock.restore();
    expect(LockFile.acquire(libc, path, { ...ME, pid: 43 })).toEqual({
      ok: false,
      error: { kind: "held", holder: ME },
    });
  });

  test("is free again when its holder was killed, and children do not keep it", async () => {
    const path = join(folder, "killed");
    const script = `
      const { openLibc } = await import("${import.meta.dir}/libc.ts");
      const { LockFile } = await import("${import.meta.dir}/lock-file.ts");
      const lock = LockFile.acquire(openLibc(), ${JSON.stringify(path)}, { pid: process.pid, since: "now" });
      const child = Bun.spawn(["/bin/sleep", "1000"], { stdio: ["ignore", "ignore", "ignore"] });
      console.log(lock.ok, child.pid);
      setInterval(() => lock, 1000);`;
    const holder = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
    const { value } = await holder.stdout.getReader().read();
    const [took, childPid] = new TextDecoder().decode(value).trim().split(" ");
    try {
      expect(took).toBe("true");
      expect(LockFile.acquire(libc, path, ME)).toEqual({
        ok: false,
        error: { kind: "held", holder: { pid: holder.pid, since: "now" } },
      });
      holder.kill("SIGKILL");
      await holder.exited;
      const lock = await LockFile.acquireSoon(libc, path, ME);
      expect(lock.ok).toBe(true);
      if (lock.ok) lock.value.release();
    } finally {
      process.kill(Number(childPid), "SIGKILL");
    }
  });

  test("is waited for only while the one who is written down is gone", async () => {
    const path = join(folder, "soon");
    const dead = LockFile.acquire(libc, path, { ...ME, pid: 2 ** 30 });
    if (!dead.ok) throw new Error(dead.error.kind);
    const refused = await LockFile.acquireSoon(libc, path, ME, 0);
    expect(!refused.ok && refused.error.kind).toBe("held");
    const waiting = LockFile.acquireSoon(libc, path, { ...ME, pid: process.pid });
    dead.value.release();
    const taken = await waiting;
    expect(taken.ok).toBe(true);
    const startMs = performance.now();
    expect(await LockFile.acquireSoon(libc, path, ME, 60_000)).toMatchObject({
      error: { holder: { pid: process.pid } },
    });
    expect(performance.now() - startMs).toBeLessThan(1_000);
    if (taken.ok) taken.value.release();
  });

  test("that cannot be made says why", () => {
    const refused = LockFile.acquire(libc, join(folder, "none", "lock"), ME);
    expect(refused).toEqual({ ok: false, error: { kind: "unusable", reason: "it is not there" } });
    const lockless = LockFile.acquire({ flock: () => -95 }, join(folder, "nolocks"), ME);
    expect(lockless).toEqual({ ok: false, error: { kind: "unusable", reason: expect.stringContaining("errno 95") } });
    expect(readHolder(join(folder, "missing"))).toBeUndefined();
  });
});
