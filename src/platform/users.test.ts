import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLocal, parseGroups, parseUsers } from "./account-files.ts";
import { Accounts, type AccountWish } from "./users.ts";
import { VirtualClock } from "./virtual-clock.ts";

const NOBODY: AccountWish = { user: null, unixGroup: null, supplementaryGroups: null };
let etc = "";

beforeAll(() => {
  etc = mkdtempSync(join(tmpdir(), "muster-users-"));
  writeFileSync(
    join(etc, "passwd"),
    "root:x:0:0:root:/root:/bin/bash\n#c:x:7:7::/:\nada:x:1000:100:Ada,,,:/home/ada:\nbroken:x\n",
  );
  writeFileSync(join(etc, "group"), "users:x:100:\nvideo:x:44:ada,bob\naudio:x:29:bob\n1234:x:77:\n");
});
afterAll(() => rmSync(etc, { recursive: true }));

const ADA = { name: "ada", uid: 1000, gid: 100, home: "/home/ada", shell: "/bin/sh" };

describe("accounts by the host's files", () => {
  test("a user brings the own group and those that name it", async () => {
    const accounts = new Accounts(new VirtualClock(), etc);
    const expected = { ok: true, value: { uid: 1000, gid: 100, groups: [100, 44], entry: ADA } } as const;
    expect(await accounts.resolve({ ...NOBODY, user: "ada" })).toEqual(expected);
    expect(await accounts.resolve({ ...NOBODY, user: "1000" })).toEqual(expected);
  });

  test("what is named in the configuration wins over what the user brings", async () => {
    const accounts = new Accounts(new VirtualClock(), etc);
    const wish = { user: "ada", unixGroup: "audio", supplementaryGroups: ["users", "4321", "1234"] };
    expect(await accounts.resolve(wish)).toMatchObject({ value: { uid: 1000, gid: 29, groups: [100, 4321, 77] } });
    expect(await accounts.resolve({ ...wish, supplementaryGroups: [] })).toMatchObject({
      value: { gid: 29, groups: [] },
    });
  });

  test("nothing wished is nothing changed; a group alone leaves the user", async () => {
    const accounts = new Accounts(new VirtualClock(), etc);
    expect(await accounts.resolve(NOBODY)).toEqual({
      ok: true,
      value: { uid: null, gid: null, groups: null, entry: null },
    });
    expect(await accounts.resolve({ ...NOBODY, unixGroup: "video" })).toMatchObject({
      value: { uid: null, gid: 44, groups: null },
    });
  });

  test("a uid without an entry needs a group", async () => {
    const accounts = new Accounts(new VirtualClock(), etc);
    const failure = { ok: false, error: { kind: "unknown", name: "54321987" } } as const;
    expect(await accounts.resolve({ ...NOBODY, user: "54321987" })).toEqual(failure);
    expect(await accounts.resolve({ ...NOBODY, user: "54321987", unixGroup: "5" })).toEqual({
      ok: true,
      value: { uid: 54_321_987, gid: 5, groups: [5], entry: null },
    });
  });

  test("an unknown name is an error that names it, and is asked again the next time", async () => {
    const clock = new VirtualClock();
    const accounts = new Accounts(clock, etc);
    for (const name of ["no-such-user", "", "-x", "4294967295", "a b", "c"]) {
      expect(await accounts.resolve({ ...NOBODY, user: name })).toEqual({
        ok: false,
        error: { kind: "unknown", name },
      });
      expect(await accounts.resolve({ ...NOBODY, unixGroup: name })).toEqual({
        ok: false,
        error: { kind: "unknown", name },
      });
    }
    writeFileSync(join(etc, "group"), "users:x:100:\nvideo:x:44:ada,bob\naudio:x:29:bob\n1234:x:77:\nlate:x:300:\n");
    expect((await accounts.resolve({ ...NOBODY, unixGroup: "late" })).ok).toBe(false);
    clock.advance(10_000);
    expect((await accounts.resolve({ ...NOBODY, unixGroup: "late" })).ok).toBe(true);
  });
});

describe("accounts by the host's own tools", () => {
  test("are asked for what the files do not know", async () => {
    const empty = mkdtempSync(join(tmpdir(), "muster-users-"));
    writeFileSync(join(empty, "nsswitch.conf"), "group: files sss # and more\n");
    const accounts = new Accounts(new VirtualClock(), empty);
    const root = await accounts.resolve({ ...NOBODY, user: "root", unixGroup: "daemon" });
    rmSync(empty, { recursive: true });
    const ids = Bun.spawnSync(["id", "-G", "root"]).stdout.toString().trim().split(" ").map(Number);
    const group = Bun.spawnSync(["getent", "group", "daemon"]).stdout.toString().split(":")[2];
    expect(root).toMatchObject({ ok: true, value: { uid: 0, gid: Number(group), groups: ids } });
  });
});

describe("the files of accounts", () => {
  test("are read past comments, NIS marks and broken lines", () => {
    expect(parseUsers("+::::::\n-x:x:1:1::/:/bin/sh\n\n:x:1:1::/:/x\nneg:x:-1:1::/:/x\nok:x:1:2:::\n")).toEqual([
      { name: "ok", uid: 1, gid: 2, home: "/", shell: "/bin/sh" },
    ]);
    expect(parseGroups("#g:x:1:\ng:x:1\ng:x:1:a,,b\n")).toEqual([{ name: "g", gid: 1, members: ["a", "b"] }]);
  });

  test("say whether the host alone answers", () => {
    expect(isLocal("", "group")).toBe(true);
    expect(isLocal("passwd: sss\ngroup:\tfiles systemd\n", "group")).toBe(true);
    expect(isLocal("group: files [NOTFOUND=return] ldap\n", "group")).toBe(false);
    expect(isLocal("# group: ldap\ngroup: compat # ldap\n", "group")).toBe(true);
  });
});
