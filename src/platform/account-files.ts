/** A line of passwd(5). */
export interface UserEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** A line of group(5). */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Reads passwd(5) lines, as the file and `getent` give them. Comments, NIS marks and broken lines are passed over. */
export function parseUsers(text: string): UserEntry[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", , uid = "", gid = "", , home = "", shell] = line.split(":");
    if (shell === undefined || !isPlainName(name) || !isId(uid) || !isId(gid)) return [];
    return [{ name, uid: Number(uid), gid: Number(gid), home: home || "/", shell: shell || "/bin/sh" }];
  });
}

export function parseGroups(text: string): GroupEntry[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", , gid = "", members] = line.split(":");
    if (members === undefined || !isPlainName(name) || !isId(gid)) return [];
    return [{ name, gid: Number(gid), members: members.split(",").filter(Boolean) }];
  });
}

/** An entry by name; a name of digits alone also by number, when nobody is called so. */
export function findUser(users: readonly UserEntry[], key: string): UserEntry | undefined {
  return users.find((user) => user.name === key) ?? users.find((user) => isId(key) && user.uid === Number(key));
}

export function findGroup(groups: readonly GroupEntry[], key: string): GroupEntry | undefined {
  return groups.find((group) => group.name === key) ?? groups.find((group) => isId(key) && group.gid === Number(key));
}

/** The groups of a user as initgroups(3) makes them: the own one first, then those that name the user. */
export function groupsOfUser(groups: readonly GroupEntry[], user: UserEntry): number[] {
  const named = groups.filter((group) => group.members.includes(user.name)).map((group) => group.gid);
  return [...new Set([user.gid, ...named])];
}

/**
 * Whether nsswitch.conf(5) has `database` (`passwd`, `group`) answered by files of this host alone. Without such a file, or
 * without the line, it is.
 */
export function isLocal(nsswitch: string, database: string): boolean {
  const line = nsswitch.split("\n").find((each) => each.replace(/#.*/, "").trim().startsWith(`${database}:`));
  const sources = (line ?? "")
    .replace(/#.*/, "")
    .replace(/^[^:]*:/, "")
    .replace(/\[[^\]]*\]/g, " ")
    .split(/\s+/);
  return sources.filter(Boolean).every((source) => ["files", "compat", "systemd"].includes(source));
}

/** Whether `text` is a number that can be a uid or gid (the highest one means "unchanged" to the kernel). */
export function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) < 4_294_967_295;
}

function isPlainName(name: string): boolean {
  return name !== "" && !name.startsWith("#") && !name.startsWith("+") && !name.startsWith("-");
}
