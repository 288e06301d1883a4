import { CgroupRoot } from "../../src/platform/cgroup.ts";

/** Removes what a daemon that was killed left of its cgroups. Its processes must be gone. */
export function removeCgroups(stateDirectory: string): void {
  const root = CgroupRoot.open(stateDirectory);
  if (!root.ok) return;
  const left = root.value.removeEmpty();
  if (left > 0) throw new Error(`${left} cgroups below ${root.value.directory} still hold processes`);
}
