import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { err, ok, type Result } from "../base/result.ts";
import { singleService } from "../model/config/single-service.ts";
import { codedError } from "../model/errors/catalogue.ts";
import type { ServiceSpec } from "../model/service.ts";
import { closedDirectory } from "../platform/passable.ts";
import type { Account, AccountFailure } from "../platform/users.ts";
import { ProgramPreparer } from "./prepare-program.ts";

const ROOT: Account = { uid: 0, gid: 0, groups: [], entry: null };

function serviceWith(keys: Partial<ServiceSpec>): ServiceSpec {
  const [spec] = [...singleService(["sleep", "1"], "/").services.values()];
  if (spec === undefined) throw new Error("no service");
  return { ...spec, ...keys };
}

/** What the preparer says of a service; the tools of this host are not there. */
async function prepare(
  keys: Partial<ServiceSpec>,
  answer: Result<Account, AccountFailure> = ok(ROOT),
  uid = 0,
  events = "/run/muster/events",
): Promise<string> {
  const preparer = new ProgramPreparer({
    environment: {},
    secretVariables: () => new Set(),
    accounts: { resolve: async () => answer },
    uid,
    openFiles: { soft: 1_024, hard: 4_096 },
    events,
    tools: null,
    findTool: () => undefined,
  });
  const spec = serviceWith(keys);
  const prepared = await preparer.forCommand(spec, { service: "sleep", number: 1 });
  if (!prepared.ok) return prepared.error;
  const request = { instance: { service: "sleep", number: 1 }, generation: 1, token: "0", spec, history: {} };
  const program = await preparer.prepare(request as unknown as Parameters<ProgramPreparer["prepare"]>[0]);
  return program.ok ? "prepared" : program.error;
}

describe("ProgramPreparer says in the words of the catalogue", () => {
  test("that a user is unknown, or that nobody could tell", async () => {
    expect(await prepare({ user: "ana" }, err({ kind: "unknown", name: "ana" }))).toBe(
      codedError("user-unknown", { service: "sleep", user: "ana" }).message,
    );
    expect(await prepare({ user: "ana" }, err({ kind: "unanswered", name: "ana" }))).toBe(
      codedError("user-unanswered", { service: "sleep", user: "ana" }).message,
    );
  });

  test("that only root may change the user", async () => {
    expect(await prepare({ user: "root" }, ok(ROOT), 1_000)).toBe(
      codedError("user-not-permitted", { service: "sleep", user: "root" }).message,
    );
  });

  test("that a tool is missing, and which key needs it", async () => {
    expect(await prepare({ noNewPrivileges: true })).toBe(
      codedError("tool-missing", { service: "sleep", tool: "setpriv", key: "no_new_privileges" }).message,
    );
  });

  test("that its user cannot reach the event socket by which it is to say when it is ready", async () => {
    using place = temporaryDirectory("closed");
    chmodSync(place.path, 0o700);
    const account: Account = { uid: 4_242_424, gid: 4_242_424, groups: [], entry: null };
    const events = join(place.path, "events");
    const said = await prepare({ user: "ana", ready: { kind: "notify" } }, ok(account), 0, events);
    const directory = closedDirectory(join(events, "0"), { uid: 4_242_424, gids: [] }) ?? "";
    expect(said).toBe(codedError("event-socket-unreachable", { service: "sleep", user: "ana", directory }).message);
    expect(await prepare({ user: "ana" }, ok(account), 0, events)).toBe("prepared");
    expect(
      await prepare({ user: "ana", ready: { kind: "notify" }, notifyAccess: "none" }, ok(account), 0, events),
    ).toBe("prepared");
  });

  test("that the environment file cannot be read", async () => {
    const path = "/no/such/file.env";
    const words = codedError("environment-file-unreadable", { service: "sleep", path, reason: "REASON" }).message;
    const [before = "", after = ""] = words.split("REASON");
    const said = await prepare({ environmentFile: path });
    expect([said.startsWith(before), said.endsWith(after)]).toEqual([true, true]);
  });
});

test("a program inherits what the daemon has, but not the secrets that are the daemon's own", async () => {
  const preparer = new ProgramPreparer({
    environment: { TZ: "UTC", HOOK_KEY: "secret" },
    secretVariables: () => new Set(["HOOK_KEY"]),
    accounts: { resolve: async () => ok(ROOT) },
    uid: 0,
    openFiles: { soft: 1_024, hard: 4_096 },
    events: "/run/muster/events",
    tools: null,
    findTool: () => undefined,
  });
  const given = await preparer.forCommand(serviceWith({ environment: { A: "1" } }), { service: "sleep", number: 1 });
  expect(given.ok && given.value.environment).toEqual({
    TZ: "UTC",
    A: "1",
    MUSTER_SERVICE: "sleep",
    MUSTER_INSTANCE: "1",
  });
});
