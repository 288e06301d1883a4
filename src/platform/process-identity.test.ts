import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBoot } from "./boot.ts";
import { formatIdentity, ProcessIdentities, type ProcessIdentity, parseIdentity } from "./process-identity.ts";
import { hasEnded, ProcessStatReader, parseProcessStat } from "./process-stat.ts";
import { TestChildren, until } from "./testing/children.ts";

const identities = new ProcessIdentities(readBoot());
const reader = new ProcessStatReader();

function identityOf(pid: number): ProcessIdentity {
  const identity = identities.identify(pid);
  if (!identity) throw new Error(`${pid} is not alive`);
  return identity;
}

describe("process identity", () => {
  test("holds while the process runs and ends with it", async () => {
    await using children = new TestChildren();
    const child = children.shell("echo here; exec sleep 1000");
    await child.line();
    const identity = identityOf(child.pid);
    expect(identity).toEqual({ ...readBoot(), pid: child.pid, startTicks: expect.any(Number) });
    expect(identities.isAlive(identity)).toBe(true);
    process.kill(child.pid, "SIGKILL");
    await child.exited;
    expect(identities.isAlive(identity)).toBe(false);
    expect(identities.identify(child.pid)).toBeUndefined();
  });

  test("who has the pid now but began at another time, in another boot or namespace is somebody else", () => {
    const mine = identityOf(process.pid);
    expect(identities.isAlive(mine)).toBe(true);
    expect(identities.isAlive({ ...mine, startTicks: mine.startTicks - 1 })).toBe(false);
    expect(identities.isAlive({ ...mine, bootId: "00000000-0000-0000-0000-000000000000" })).toBe(false);
    expect(identities.isAlive({ ...mine, pidNamespace: 1 })).toBe(false);
  });

  test("a zombie has ended", async () => {
    await using children = new TestChildren();
    const child = children.shell('sleep 1000 & echo "$!"; exec sleep 1000');
    const grandchild = identityOf(Number(await child.line()));
    // The shell would reap it; what it becomes does not.
    await until(() => reader.read(child.pid)?.name === "sleep");
    process.kill(grandchild.pid, "SIGKILL");
    await until(() => reader.read(grandchild.pid)?.state === "Z");
    expect(identities.isAlive(grandchild)).toBe(false);
    expect(identities.identify(grandchild.pid)).toBeUndefined();
  });

  test("survives the form of records; what is not exactly that form is refused", () => {
    const mine = identityOf(process.pid);
    expect(parseIdentity(formatIdentity(mine))).toEqual(mine);
    expect(parseIdentity(`${formatIdentity(mine)}\n`)).toEqual(mine);
    const wrong = [
      "",
      "void",
      "a-b 1 2",
      "deadbeef-1 1 0 5",
      "deadbeef-1 1 -2 5",
      `${formatIdentity(mine)} 1`,
      "DEADBEEF 1 2 3",
    ];
    for (const text of wrong) expect(parseIdentity(text)).toBeUndefined();
  });
});

describe("/proc/<pid>/stat", () => {
  test("is read right whatever the program is called", async () => {
    await using children = new TestChildren();
    const folder = mkdtempSync(join(tmpdir(), "muster-stat-"));
    const odd = join(folder, ") R 1 (ü\n Z");
    copyFileSync("/bin/sleep", odd);
    const child = children.shell('echo here; exec "$ODD" 1000', { ODD: odd });
    await child.line();
    await until(() => reader.read(child.pid)?.name !== "sh");
    rmSync(folder, { recursive: true });
    const stat = reader.read(child.pid);
    expect(stat).toMatchObject({ pid: child.pid, parent: process.pid, name: ") R 1 (ü\n Z", threads: 1 });
    expect(stat?.state).toMatch(/^[SRD]$/);
    expect(reader.read("self")?.residentPages).toBeGreaterThan(1_000);
  });

  test("of nobody is undefined", () => {
    expect(reader.read(2 ** 30)).toBeUndefined();
  });

  test("a first thread that ended before the others does not make the process dead", () => {
    const line = (state: string, threads: number) =>
      parseProcessStat(
        Buffer.from(
          `77 (x) ${state} 1 77 77 0 -1 0 0 0 0 0 3 4 5 6 20 0 ${threads} 0 500 1000 25 18446744073709551615 1`,
        ),
      );
    expect(line("S", 2)).toEqual({
      pid: 77,
      name: "x",
      state: "S",
      parent: 1,
      group: 77,
      session: 77,
      threads: 2,
      isKernelThread: false,
      startTicks: 500,
      cpuTicks: 7,
      childrenCpuTicks: 11,
      residentPages: 25,
    });
    const ended = (["Z1", "Z2", "X1", "S1"] as const).map((text) => {
      const stat = line(text.charAt(0), Number(text.charAt(1)));
      return stat && hasEnded(stat);
    });
    expect(ended).toEqual([true, false, true, false]);
  });

  test("a torn line is refused", () => {
    for (const text of [
      "",
      "1",
      "1 (x",
      "1 (x) S 1 2 3",
      "x (y) S 1 1 1 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 500 1000 25 1 1",
    ]) {
      expect(parseProcessStat(Buffer.from(text))).toBeUndefined();
    }
  });
});
