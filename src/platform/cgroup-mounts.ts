/**
 * Where this process stands in the cgroup v2 hierarchy, as a directory. It is found on pure v2 hosts, in the `unified`
 * mount of hybrid ones, and in containers, where the mount shows only a part of the hierarchy. Pure.
 * @param mountInfo the text of `/proc/self/mountinfo`
 * @param selfCgroup the text of `/proc/self/cgroup`
 * @returns undefined when no v2 hierarchy is mounted, or what is mounted does not hold this process
 */
export function ownCgroupDirectory(mountInfo: string, selfCgroup: string): string | undefined {
  const own = /^0::(\/.*)$/m.exec(selfCgroup)?.[1];
  if (own === undefined) return undefined;
  for (const line of mountInfo.split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    if (right.split(" ")[0] !== "cgroup2") continue;
    const [, , , root = "", mountPoint = ""] = left.split(" ").map(unescapeMount);
    const below = pathBelow(own, root);
    if (below !== undefined) return mountPoint.replace(/\/$/, "") + below;
  }
  return undefined;
}

/** `path` as seen from `root`: "" for itself, "/a" for a child; undefined when it lies elsewhere. */
function pathBelow(path: string, root: string): string | undefined {
  if (path.startsWith("/..")) return undefined;
  if (root === "/") return path === "/" ? "" : path;
  if (path === root) return "";
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

/** The kernel writes blanks, tabs, newlines and backslashes in mountinfo as three octal digits. */
function unescapeMount(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
