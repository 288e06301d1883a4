import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { CgroupRoot } from "../../src/platform/cgroup.ts";
import { TestRun } from "../../src/platform/shim/testing/test-run.ts";

/** Prints its cgroups, and what was open beside 0, 1 and 2 when it began. */
const SCRIPT = "cat /proc/self/cgroup; ls /proc/$$/fd";

test("a program begins in its cgroups, the last one in the end", async () => {
  await using run = new TestRun();
  const root = CgroupRoot.open(run.directory);
  if (!root.ok) return console.log(`skipped: ${root.error}`);
  const names = ["first.1", "second.1"];
  const made = names.map((name) => root.value.create(name));
  try {
    const cgroups = made.map((cgroup) => (cgroup.ok ? cgroup.value.directory : ""));
    for (const count of [1, 2]) {
      const generation = run.shell(SCRIPT, { cgroups: cgroups.slice(0, count) });
      await generation.ring("empty");
      const output = readFileSync(generation.log.outPath, "utf8");
      expect(output).toContain(`/${names[count - 1]}\n`);
      expect(output).toEndWith("\n0\n1\n2\n");
      // One that was killed as a whole takes programs, too.
      for (const cgroup of made) if (cgroup.ok) cgroup.value.kill();
    }
    const [cgroup = ""] = cgroups;
    const killed = run.shell(SCRIPT, { cgroups: [cgroup] });
    expect((await killed.ring("exit")).exit).toMatchObject({ kind: "code", code: 0 });
    expect(readFileSync(killed.log.outPath, "utf8")).toContain(`/${names[0]}\n`);
  } finally {
    root.value.removeEmpty();
  }
});
