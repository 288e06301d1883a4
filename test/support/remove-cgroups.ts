import { CgroupRoot } from "../../src/platform/cgroup.ts";
import { waitFor } from "./wait-for.ts";

/** Removes what a daemon that was killed left of its cgroups. Its processes were ended; a cgroup sees that a moment later. */
export async function removeCgroups(stateDirectory: string): Promise<void> {
  const root = CgroupRoot.open(stateDirectory);
  if (!root.ok) return;
  await waitFor(`the cgroups below ${root.value.directory} to be empty`, () => root.value.removeEmpty() === 0);
}
