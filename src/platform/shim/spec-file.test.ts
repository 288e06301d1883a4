import { describe, expect, test } from "bun:test";
import { decodeRecords, encodeLogSettings, encodeSpec, type ProgramSpec } from "./spec-file.ts";

const SPEC: ProgramSpec = {
  name: "web:1",
  generation: 7,
  token: "ab12",
  command: ["node", "", "a b\nc=d"],
  environment: { A: "1", B: "x=y\nz" },
  directory: "/srv/web",
};

describe("the spec", () => {
  test("holds the least that a program needs", () => {
    expect(decodeRecords(encodeSpec(SPEC))).toEqual([
      { key: "version", value: "1" },
      { key: "name", value: "web:1" },
      { key: "token", value: "ab12" },
      { key: "generation", value: "7" },
      { key: "arg", value: "node" },
      { key: "arg", value: "" },
      { key: "arg", value: "a b\nc=d" },
      { key: "env", value: "A=1" },
      { key: "env", value: "B=x=y\nz" },
      { key: "directory", value: "/srv/web" },
    ]);
  });

  test("holds all that can be said", () => {
    const bytes = encodeSpec({
      ...SPEC,
      umask: 0o27,
      nice: -5,
      uid: 33,
      gid: 34,
      owner: { uid: 35, gid: 36 },
      groups: [4, 5],
      limits: [{ resource: 7, soft: 1024, hard: null }],
      cgroups: ["/sys/fs/cgroup/a"],
      eventSocket: "/run/muster/events/ab12",
      eventAccess: "main",
      readyFd: 3,
      notes: { cause: "abc" },
    });
    const texts = decodeRecords(bytes)?.map(({ key, value }) => `${key} ${value}`);
    for (const text of [
      "umask 27",
      "nice -5",
      "uid 33",
      "gid 34",
      "owner 35 36",
      "group 4",
      "group 5",
      "limit 7 1024 -",
      "event-socket /run/muster/events/ab12",
      "event-access main",
      "ready-fd 3",
    ]) {
      expect(texts).toContain(text);
    }
    expect(texts).toContain("cgroup /sys/fs/cgroup/a");
    expect(texts).toContain("x-cause abc");
  });

  test("says when all groups are taken away", () => {
    expect(decodeRecords(encodeSpec({ ...SPEC, groups: [] }))).toContainEqual({ key: "groups", value: "none" });
  });

  test("refuses what the system cannot take", () => {
    expect(() => encodeSpec({ ...SPEC, command: ["a\0b"] })).toThrow("NUL");
    expect(() => encodeSpec({ ...SPEC, command: [] })).toThrow("no command");
    expect(() => encodeSpec({ ...SPEC, notes: { "a b": "c" } })).toThrow("key");
  });

  test("cut short is not read", () => {
    expect(decodeRecords(encodeSpec(SPEC).subarray(0, -3))).toBeUndefined();
    expect(decodeRecords(Buffer.alloc(0))).toBeUndefined();
  });
});

test("log settings leave out what is not there", () => {
  const settings = { outPath: "/l/o", errPath: null, sizeBytes: 5, onFull: "wait", archive: null } as const;
  expect(encodeLogSettings(settings).toString()).toBe("out /l/o\0size 5\0on-full wait\0");
  expect(encodeLogSettings({ ...settings, errPath: "/l/e", archive: "/a" }).toString()).toBe(
    "out /l/o\0err /l/e\0size 5\0on-full wait\0archive /a\0",
  );
});
