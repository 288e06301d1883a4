import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, existsSync, lstatSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ERRNO, LOCK_EX, LOCK_NB } from "./constants.ts";
import { cString, openLibc } from "./libc.ts";
import { loadedLibcPath } from "./libc-path.ts";

const libc = openLibc();
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-libc-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the C library", () => {
  test("is the one that is loaded already", () => {
    const maps = (path: string) => `7f00-7f10 r--p 00000000 fe:00 42                         ${path}\n`;
    expect(loadedLibcPath(maps("/usr/lib/x86_64-linux-gnu/libc.so.6"))).toBe("/usr/lib/x86_64-linux-gnu/libc.so.6");
    expect(loadedLibcPath(maps("/lib/ld-musl-aarch64.so.1"))).toBe("/lib/ld-musl-aarch64.so.1");
    expect(loadedLibcPath(maps("/usr/lib/libcrypto.so.3"))).toBeUndefined();
    expect(loadedLibcPath("")).toBeUndefined();
  });

  test("failures come back as -errno", () => {
    expect(libc.kill(2 ** 30, 0)).toBe(-ERRNO.ESRCH);
    expect(libc.kill(process.pid, 0)).toBe(0);
    expect(libc.pidfdOpen(2 ** 30)).toBe(-ERRNO.ESRCH);
    expect(libc.close(-1)).toBe(-ERRNO.EBADF);
    expect(libc.mkfifo(join(folder, "none", "fifo"), 0o600)).toBe(-ERRNO.ENOENT);
  });

  test("says who we are as the runtime does", () => {
    expect([libc.getuid(), libc.geteuid(), libc.getgid(), libc.getegid()]).toEqual([
      process.getuid?.() ?? -1,
      process.geteuid?.() ?? -1,
      process.getgid?.() ?? -1,
      process.getegid?.() ?? -1,
    ]);
  });

  test("a pidfd takes signals and is closed on exec", () => {
    const pidfd = libc.pidfdOpen(process.pid);
    expect(pidfd).toBeGreaterThan(2);
    expect(libc.pidfdSendSignal(pidfd, 0)).toBe(0);
    expect(libc.fcntl(pidfd, 1, 0)).toBe(1);
    const copy = libc.pidfdGetfd(pidfd, 2);
    expect(copy).toBeGreaterThan(2);
    expect([libc.close(copy), libc.close(pidfd)]).toEqual([0, 0]);
  });
});

describe("files by the C library", () => {
  test("makes FIFOs with the mode that was asked for, whatever the umask", () => {
    const before = libc.umask(0);
    try {
      expect(libc.mkfifo(join(folder, "fifo"), 0o622)).toBe(0);
    } finally {
      libc.umask(before);
    }
    const facts = lstatSync(join(folder, "fifo"));
    expect([facts.isFIFO(), facts.mode & 0o777]).toEqual([true, 0o622]);
    expect(libc.mkfifo(join(folder, "fifo"), 0o600)).toBe(-ERRNO.EEXIST);
  });

  test("locks: a second open description is refused without waiting", () => {
    const path = join(folder, "lock");
    const [first, second] = [openSync(path, "w"), openSync(path, "w")];
    expect(libc.flock(first, LOCK_EX | LOCK_NB)).toBe(0);
    expect(libc.flock(second, LOCK_EX | LOCK_NB)).toBe(-ERRNO.EAGAIN);
    closeSync(first);
    expect(libc.flock(second, LOCK_EX | LOCK_NB)).toBe(0);
    closeSync(second);
  });

  test("bytes go through a socket pair, a pipe and a memfd", () => {
    const ends = new Int32Array(2);
    const into = new Uint8Array(16);
    const stream = (pair: Int32Array, from: number, to: number) => {
      const [source = -1, target = -1] = [pair[to], pair[from]];
      expect(libc.write(source, Buffer.from("hello"))).toBe(5);
      expect(libc.read(target, into)).toBe(5);
      expect(Buffer.from(into.subarray(0, 5)).toString()).toBe("hello");
      expect([libc.close(source), libc.close(target)]).toEqual([0, 0]);
    };
    expect(libc.socketpair(1, 5, 0, ends)).toBe(0);
    stream(ends, 0, 1);
    expect(libc.pipe2(ends, 0o2000000)).toBe(0);
    stream(ends, 0, 1);
    const memory = libc.memfdCreate("muster-test", 0);
    expect(libc.write(memory, Buffer.from("in memory"))).toBe(9);
    expect(readFileSync(`/proc/self/fd/${memory}`, "utf8")).toBe("in memory");
    expect(libc.close(memory)).toBe(0);
    expect(existsSync(`/proc/self/fd/${memory}`)).toBe(false);
  });

  test("a text with a NUL is refused and not cut short", () => {
    expect(() => cString("a\0b")).toThrow("NUL");
    expect([...cString("ä")]).toEqual([0xc3, 0xa4, 0]);
  });
});
