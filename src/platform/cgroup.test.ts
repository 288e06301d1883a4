import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipWhen } from "../../test/support/skip-when.ts";
import { Cgroup, CgroupRoot } from "./cgroup.ts";
import { ownCgroupDirectory } from "./cgroup-mounts.ts";
import { TestChildren, until } from "./testing/children.ts";

describe("the own place in the hierarchy", () => {
  const hybrid =
    "30 25 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n31 30 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n" +
    "42 30 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw\n";
  const mounted = (root: string, at: string) => `42 30 0:38 ${root} ${at} rw,relatime - cgroup2 cgroup rw\n`;

  test("is found on hybrid, pure and containers' mounts", () => {
    expect(ownCgroupDirectory(hybrid, "8:pids:/\n0::/\n")).toBe("/sys/fs/cgroup/unified");
    expect(ownCgroupDirectory(mounted("/", "/sys/fs/cgroup"), "0::/system.slice/muster.service\n")).toBe(
      "/sys/fs/cgroup/system.slice/muster.service",
    );
    expect(ownCgroupDirectory(mounted("/docker/ab", "/sys/fs/cgroup"), "0::/docker/ab/x\n")).toBe("/sys/fs/cgroup/x");
    expect(ownCgroupDirectory(mounted("/docker/ab", "/a\\040b"), "0::/docker/ab\n")).toBe("/a b");
  });

  test("is unknown where there is none, or it lies outside of what is mounted", () => {
    expect(ownCgroupDirectory("", "0::/\n")).toBeUndefined();
    expect(ownCgroupDirectory(hybrid, "8:pids:/\n")).toBeUndefined();
    expect(ownCgroupDirectory(mounted("/docker/ab", "/sys/fs/cgroup"), "0::/docker/abc\n")).toBeUndefined();
    expect(ownCgroupDirectory(mounted("/", "/sys/fs/cgroup"), "0::/../other\n")).toBeUndefined();
  });
});

describe("without a hierarchy", () => {
  test("the reason comes back as words, and nothing is left", () => {
    const folder = mkdtempSync(join(tmpdir(), "muster-cgroup-"));
    expect(CgroupRoot.open("/some/state", folder)).toEqual({ ok: false, error: expect.stringContaining("5.14") });
    expect(CgroupRoot.open("/some/state", join(folder, "none"))).toEqual({
      ok: false,
      error: expect.stringContaining("ENOENT"),
    });
    rmSync(folder, { recursive: true });
    expect(existsSync(folder)).toBe(false);
    const gone = new Cgroup(join(folder, "gone"));
    expect([gone.isPopulated(), gone.remove()]).toEqual([
      { ok: true, value: false },
      { ok: true, value: undefined },
    ]);
    expect([gone.kill().ok, gone.members().ok]).toEqual([false, false]);
  });
});

const probe = CgroupRoot.open(`/probe/${crypto.randomUUID()}`);
if (probe.ok) probe.value.removeEmpty();

const inHierarchy = skipWhen(probe.ok ? null : probe.error);

describe("in a hierarchy", () => {
  let root: CgroupRoot;
  beforeAll(() => {
    if (!probe.ok) return;
    const opened = CgroupRoot.open(`/test/${crypto.randomUUID()}`);
    if (!opened.ok) throw new Error(opened.error);
    root = opened.value;
  });
  afterAll(() => {
    if (!probe.ok) return;
    root.removeEmpty();
    if (existsSync(root.directory)) throw new Error(`${root.directory} is left`);
  });

  const make = (name: string): Cgroup => {
    const made = root.create(name);
    if (!made.ok) throw new Error(made.error);
    return made.value;
  };

  inHierarchy("all that is in one is killed at a stroke, sub-cgroups and double forks included", async () => {
    await using children = new TestChildren();
    const cgroup = make("web.1");
    const child = children.shell(
      'read _; sleep 1000 & (setsid sleep 1001 &); (sleep 1002 &); echo "$!"; wait',
      {},
      true,
    );
    writeFileSync(join(cgroup.directory, "cgroup.procs"), String(child.pid));
    child.say("go\n");
    const inner = Number(await child.line());
    mkdirSync(join(cgroup.directory, "below"));
    writeFileSync(join(cgroup.directory, "below", "cgroup.procs"), String(inner));
    await until(() => children.living().length === 4);
    expect(cgroup.isPopulated()).toEqual({ ok: true, value: true });
    const members = cgroup.members();
    expect(members.ok && members.value.toSorted()).toEqual(children.living().toSorted());
    expect(root.create("web.1")).toEqual({ ok: false, error: expect.stringContaining("still in") });
    expect(cgroup.remove().ok).toBe(false);
    expect(root.removeEmpty()).toBe(1);
    expect(cgroup.kill()).toEqual({ ok: true, value: undefined });
    await child.exited;
    await until(() => {
      const populated = cgroup.isPopulated();
      return populated.ok && !populated.value;
    });
    expect(cgroup.remove()).toEqual({ ok: true, value: undefined });
    expect(existsSync(cgroup.directory)).toBe(false);
  });

  inHierarchy("an empty one that was left is taken again; names that lead elsewhere are refused", () => {
    make("left.1");
    expect(make("left.1").remove().ok).toBe(true);
    for (const name of ["", "..", "a/b", ".hidden"]) expect(root.create(name).ok).toBe(false);
    make("left.2");
    make("left.3");
    expect(root.removeEmpty()).toBe(0);
    expect(existsSync(root.directory)).toBe(false);
    mkdirSync(root.directory);
  });
});
