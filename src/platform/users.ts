import { readFile } from "node:fs/promises";
import type { Clock } from "../base/clock.ts";
import { err, ok, type Result } from "../base/result.ts";
import {
  findGroup,
  findUser,
  type GroupEntry,
  groupsOfUser,
  isId,
  isLocal,
  parseGroups,
  parseUsers,
  type UserEntry,
} from "./account-files.ts";

/** As whom a service is to run, in the words of its configuration: names or numbers; null: as the daemon does. */
export interface AccountWish {
  readonly user: string | null;
  readonly unixGroup: string | null;
  /** null: those of the user */
  readonly supplementaryGroups: readonly string[] | null;
}

/** The same in numbers; null: unchanged. */
export interface Account {
  readonly uid: number | null;
  readonly gid: number | null;
  readonly groups: readonly number[] | null;
  /** the entry of the user, when there is one; a uid need not have one */
  readonly entry: UserEntry | null;
}

export type AccountFailure =
  /** no user or group of that name; or a uid without an entry, for which no group was named */
  | { readonly kind: "unknown"; readonly name: string }
  /** the host's directory service did not answer in time */
  | { readonly kind: "unanswered"; readonly name: string };

const KEEP_MS = 10_000;
const ANSWER_LIMIT_MS = 10_000;
/** The exit code of getent(1) for a key that does not exist. */
const NOT_FOUND = 2;

/**
 * Turns names into numbers. The files of the host are read first; what they do not know is asked of `getent` and `id`, which
 * see every directory service. Nothing blocks this thread. Answers are kept for 10 s, failures are not.
 */
export class Accounts {
  private readonly clock: Clock;
  private readonly etc: string;
  private readonly kept = new Map<string, { readonly untilMs: number; readonly answer: Promise<unknown> }>();

  /** @param etc where `passwd`, `group` and `nsswitch.conf` lie */
  constructor(clock: Clock, etc = "/etc") {
    this.clock = clock;
    this.etc = etc;
  }

  async resolve(wish: AccountWish): Promise<Result<Account, AccountFailure>> {
    try {
      return ok(await this.resolveOrThrow(wish));
    } catch (error) {
      if (error instanceof LookUpError) return err(error.failure);
      throw error;
    }
  }

  private async resolveOrThrow(wish: AccountWish): Promise<Account> {
    const entry = wish.user === null ? null : ((await this.user(wish.user)) ?? null);
    if (wish.user !== null && entry === null && !(isId(wish.user) && wish.unixGroup !== null)) {
      throw new LookUpError({ kind: "unknown", name: wish.user });
    }
    const uid = entry?.uid ?? (wish.user === null ? null : Number(wish.user));
    const gid = wish.unixGroup === null ? (entry?.gid ?? null) : await this.gid(wish.unixGroup);
    const named = wish.supplementaryGroups;
    if (named) return { uid, gid, entry, groups: await Promise.all(named.map((name) => this.gid(name))) };
    if (uid === null) return { uid, gid, entry, groups: null };
    return { uid, gid, entry, groups: entry ? await this.groupsOf(entry) : gid === null ? [] : [gid] };
  }

  private user(key: string): Promise<UserEntry | undefined> {
    return this.keep(`user ${key}`, async () => {
      const users = parseUsers(await this.file("passwd"));
      return findUser(users, key) ?? parseUsers(await this.ask(["getent", "passwd", "--", key], key))[0];
    });
  }

  private async gid(key: string): Promise<number> {
    const found = await this.keep(`group ${key}`, async (): Promise<GroupEntry | undefined> => {
      const groups = parseGroups(await this.file("group"));
      // A number needs no entry, so nobody is asked for one.
      return (
        findGroup(groups, key) ??
        (isId(key) ? undefined : parseGroups(await this.ask(["getent", "group", "--", key], key))[0])
      );
    });
    if (found) return found.gid;
    if (isId(key)) return Number(key);
    throw new LookUpError({ kind: "unknown", name: key });
  }

  private groupsOf(user: UserEntry): Promise<number[]> {
    return this.keep(`groups ${user.name}`, async () => {
      const local = groupsOfUser(parseGroups(await this.file("group")), user);
      if (isLocal(await this.file("nsswitch.conf"), "group")) return local;
      const asked = (await this.ask(["id", "-G", "--", user.name], user.name)).split(/\s+/).filter(isId).map(Number);
      return [...new Set([...local, ...asked])];
    });
  }

  private keep<Answer>(key: string, ask: () => Promise<Answer>): Promise<Answer> {
    const nowMs = this.clock.monotonicMs();
    const known = this.kept.get(key);
    if (known && known.untilMs > nowMs) return known.answer as Promise<Answer>;
    for (const [old, { untilMs }] of this.kept) if (untilMs <= nowMs) this.kept.delete(old);
    const forget = () => void this.kept.delete(key);
    const answer = ask();
    answer.then((value) => value === undefined && forget(), forget);
    this.kept.set(key, { untilMs: nowMs + KEEP_MS, answer });
    return answer;
  }

  private file(name: string): Promise<string> {
    return this.keep(`file ${name}`, async () => {
      try {
        return await readFile(`${this.etc}/${name}`, "utf8");
      } catch {
        // A host may have none of them; then nobody is known by it.
        return "";
      }
    });
  }

  /** @returns what the tool wrote; "" when the tool is missing or does not know the key */
  private async ask(command: string[], name: string): Promise<string> {
    const [tool = ""] = command;
    if (name === "" || name.includes("\0") || Bun.which(tool) === null) return "";
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "ignore", timeout: ANSWER_LIMIT_MS });
    const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
    if (code !== 0 && code !== NOT_FOUND && child.signalCode !== null)
      throw new LookUpError({ kind: "unanswered", name });
    return code === 0 ? text : "";
  }
}

class LookUpError extends Error {
  readonly failure: AccountFailure;

  constructor(failure: AccountFailure) {
    super(`${failure.kind}: ${failure.name}`);
    this.failure = failure;
  }
}
