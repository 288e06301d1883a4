import { describe, expect, test } from "bun:test";
import { skipWhen } from "../../test/support/skip-when.ts";
import { buildCommandLine, type CommandWish, type RunAs } from "./command-line.ts";

const PLAIN: CommandWish = {
  command: ["cat", "/proc/self/status"],
  shell: false,
  capabilities: null,
  noNewPrivileges: false,
  cpuAffinity: null,
  ioPriority: null,
  oomScore: null,
};
const SAME: RunAs = { uid: null, gid: null, groups: null };
const NOBODY: RunAs = { uid: 65_534, gid: 65_534, groups: [65_534, 100] };
const bare = (name: string) => name;

function lineOf(wish: Partial<CommandWish>, runAs: RunAs = SAME): string {
  const built = buildCommandLine({ ...PLAIN, command: ["x"], ...wish }, runAs, bare);
  return built.ok ? `${built.value.userChangedBy}: ${built.value.argv.join(" ")}` : `missing ${built.error.tool}`;
}

describe("the command line", () => {
  test("is the command itself, or the shell around it", () => {
    expect(lineOf({ command: ["a", "b c"] }, NOBODY)).toBe("shim: a b c");
    const shell = buildCommandLine({ ...PLAIN, shell: true, command: ["echo $PORT; wait"] }, SAME, bare);
    expect(shell).toMatchObject({ value: { argv: ["/bin/sh", "-c", "echo $PORT; wait"] } });
  });

  test("has a tool before it for each thing that only tools can set, the user as late as needed", () => {
    expect(lineOf({ cpuAffinity: "0-2,7", ioPriority: "idle", oomScore: 500 }, NOBODY)).toBe(
      "shim: choom -n 500 -- ionice -c 3 taskset -c 0-2,7 x",
    );
    expect(lineOf({ noNewPrivileges: true }, NOBODY)).toBe("shim: setpriv --no-new-privs -- x");
    expect(lineOf({ ioPriority: "best-effort" })).toBe("shim: ionice -c 2 x");
    expect(lineOf({ ioPriority: "realtime:3", noNewPrivileges: true }, NOBODY)).toBe(
      "setpriv: ionice -c 1 -n 3 setpriv --reuid 65534 --regid 65534 --groups 65534,100 --no-new-privs -- x",
    );
    expect(lineOf({ oomScore: -5 }, { uid: 5, gid: null, groups: [] })).toBe(
      "setpriv: choom -n -5 -- setpriv --reuid 5 --clear-groups -- x",
    );
    expect(lineOf({ oomScore: -5 }, { uid: 0, gid: 0, groups: [] })).toBe("shim: choom -n -5 -- x");
  });

  test("names the missing tool and the key that needs it", () => {
    const without = (missing: string) => (name: string) => (name === missing ? undefined : name);
    expect(buildCommandLine({ ...PLAIN, oomScore: 1, cpuAffinity: "0" }, SAME, without("taskset"))).toEqual({
      ok: false,
      error: { tool: "taskset", key: "cpu_affinity" },
    });
    expect(buildCommandLine({ ...PLAIN, oomScore: -1 }, NOBODY, without("setpriv"))).toEqual({
      ok: false,
      error: { tool: "setpriv", key: "user" },
    });
    expect(buildCommandLine(PLAIN, NOBODY, () => undefined).ok).toBe(true);
  });
});

/** Why a case cannot be tried here, or undefined. */
function hindrance(...command: string[]): string | undefined {
  if (command[0] !== undefined && Bun.which(command[0]) === null) return `no ${command[0]}`;
  if (process.getuid?.() !== 0) return "not root";
  const tried = Bun.spawnSync(command, { stderr: "pipe" });
  return tried.exitCode === 0 ? undefined : tried.stderr.toString().trim();
}

function run(wish: Partial<CommandWish>, runAs: RunAs = SAME): string {
  const built = buildCommandLine({ ...PLAIN, ...wish }, runAs, (name) => Bun.which(name) ?? undefined);
  if (!built.ok) throw new Error(`no ${built.error.tool}`);
  const [...argv] = built.value.argv;
  const result = Bun.spawnSync(argv);
  return result.stdout.toString() + result.stderr.toString();
}

function field(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(.*?)\\s*$`, "m").exec(status)?.[1];
}

const CASES: readonly { name: string; needs: string[]; check: () => void }[] = [
  {
    name: "capabilities of another user",
    needs: ["setpriv", "--bounding-set", "-all", "true"],
    check: () => {
      const status = run({ capabilities: ["NET_BIND_SERVICE"] }, NOBODY);
      expect(field(status, "Uid")).toBe("65534\t65534\t65534\t65534");
      expect(field(status, "Gid")).toBe("65534\t65534\t65534\t65534");
      expect(field(status, "Groups")?.split(" ").toSorted()).toEqual(["100", "65534"]);
      const sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((set) => field(status, set));
      expect(sets).toEqual(Array(5).fill("0000000000000400"));
      expect(field(status, "NoNewPrivs")).toBe("0");
    },
  },
  {
    name: "no capabilities and no new privileges for root",
    needs: ["setpriv", "--bounding-set", "-all", "true"],
    check: () => {
      const status = run({ capabilities: [], noNewPrivileges: true });
      expect(["CapPrm", "CapEff", "CapBnd"].map((set) => field(status, set))).toEqual(
        Array(3).fill("0000000000000000"),
      );
      expect(field(status, "NoNewPrivs")).toBe("1");
    },
  },
  {
    name: "cpu affinity",
    needs: ["taskset", "-c", "0", "true"],
    check: () => expect(field(run({ cpuAffinity: "0" }), "Cpus_allowed_list")).toBe("0"),
  },
  {
    name: "I/O priority",
    needs: ["ionice", "-c", "1", "true"],
    check: () => {
      expect(run({ ioPriority: "best-effort:6", command: ["ionice"] })).toBe("best-effort: prio 6\n");
      expect(run({ ioPriority: "idle", command: ["ionice"] })).toBe("idle\n");
      const command = ["sh", "-c", "ionice; id -u"];
      expect(run({ ioPriority: "realtime:2", command }, NOBODY)).toBe("realtime: prio 2\n65534\n");
    },
  },
  {
    name: "OOM score",
    needs: ["choom", "-n", "321", "--", "true"],
    check: () => expect(run({ oomScore: 321, command: ["cat", "/proc/self/oom_score_adj"] })).toBe("321\n"),
  },
  {
    name: "OOM score below the own, then another user",
    needs: ["choom", "-n", "-10", "--", "true"],
    check: () => {
      const command = ["sh", "-c", "cat /proc/self/oom_score_adj; id -u"];
      expect(run({ oomScore: -10, command }, NOBODY)).toBe("-10\n65534\n");
    },
  },
];

describe("the system's tools do it", () => {
  for (const { name, needs, check } of CASES) {
    const why = hindrance(...needs);
    skipWhen(why ?? null)(name, check);
  }
});
