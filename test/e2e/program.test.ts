/** Every parameter of a managed process, read off the process itself. */
import { describe, expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { environmentOf, readProc, statusLine } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { AT_ONCE, STEADY, script } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";

const isRoot = process.getuid?.() === 0;
const asRoot = skipWhen(isRoot ? null : "needs root");
const daemonAccount = Bun.spawnSync(["getent", "passwd", "daemon"]).stdout.toString().split(":");
const nobody = Bun.spawnSync(["getent", "passwd", "nobody"]).stdout.toString().split(":");
const tool = (name: string) => skipWhen(Bun.which(name) === null ? `${name} is not installed` : null);

/** What `/proc/<pid>/status` says of who it is. */
function identity(pid: number) {
  const first = (name: string) => Number(statusLine(pid, name).split(/\s+/)[0]);
  return {
    uid: first("Uid"),
    gid: first("Gid"),
    groups: statusLine(pid, "Groups").split(/\s+/).filter(Boolean).map(Number),
  };
}

/** Starts one service and gives its pid. */
async function started(product: Product): Promise<number> {
  await product.up();
  const { pid } = await product.untilReady("web");
  return pid ?? 0;
}

describe("who it runs as", () => {
  asRoot("a user with his own groups; the daemon's are gone", async () => {
    await using product = new Product("program", { web: { ...STEADY, user: "daemon", directory: "/" } });
    const pid = await started(product);
    const [, , uid, gid, , home] = daemonAccount;
    expect(identity(pid)).toMatchObject({ uid: Number(uid), gid: Number(gid) });
    expect(identity(pid).groups).not.toContain(0);
    expect(environmentOf(pid)).toMatchObject({ USER: "daemon", LOGNAME: "daemon", HOME: home });
  });

  asRoot("a group and further groups, by name or number; an empty list takes all away", async () => {
    const web = {
      ...STEADY,
      user: "daemon",
      directory: "/",
      unix_group: "nogroup",
      supplementary_groups: ["daemon", "12345"],
    };
    await using product = new Product("program", {
      web,
      alone: { ...web, supplementary_groups: [] },
    });
    const pid = await started(product);
    expect(identity(pid)).toEqual({
      uid: Number(daemonAccount[2]),
      gid: 65_534,
      groups: [Number(daemonAccount[3]), 12_345].sort((a, b) => a - b),
    });
    expect(identity((await product.untilReady("alone")).pid ?? 0).groups).toEqual([]);
  });

  asRoot("its standard output is its own: it can open /dev/stdout and /dev/stderr, also behind setpriv", async () => {
    const say = "echo opened > /dev/stdout; echo failed > /dev/stderr; id -u; exec sleep 1000";
    const plain = script(say, { user: "nobody", directory: "/" });
    const behind = script(say, { user: "nobody", directory: "/", capabilities: ["NET_BIND_SERVICE"], oom_score: 10 });
    await using product = new Product("program", { web: plain, behind });
    await started(product);
    const { pid } = await product.untilReady("behind");
    for (const name of ["web", "behind"]) {
      expect((await product.wrote(name, /opened\n(\d+)\n/))[1]).toBe(nobody[2] ?? "");
      await product.wrote(name, /^failed$/m, "err");
    }
    expect(identity(pid ?? 0).uid).toBe(Number(nobody[2]));
    expect(statusLine(pid ?? 0, "CapEff")).toBe("0000000000000400");
    expect(readProc(pid ?? 0, "oom_score_adj").trim()).toBe("10");
  });
});

describe("where and how it runs", () => {
  test("umask, directory and niceness", async () => {
    await using product = new Product("program", {});
    product.write("sub/here", "");
    const web = script("umask > mask; exec sleep 1000", { directory: "sub", umask: "0027", priority: 7 });
    product.configure({ web });
    const pid = await started(product);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(product.file("sub"));
    expect(product.read("sub/mask")).toBe("0027\n");
    expect(readProc(pid, "stat").split(") ")[1]?.split(" ")[16]).toBe("7");
  });

  test("a command as one string is split into words; with shell = true a shell gets it", async () => {
    const split = { ...AT_ONCE, command: `sh -c 'echo "$#:$1"; exec sleep 1000' sh "a b" $HOME` };
    const web = { ...AT_ONCE, command: "echo $((40 + 2)) | cat; exec sleep 1000", shell: true };
    await using product = new Product("program", { web, split });
    await started(product);
    await product.wrote("web", /^42$/m);
    await product.wrote("split", /^2:a b$/m);
  });

  test("standard input is /dev/null, no descriptor of the daemon is left, every signal is as at the beginning", async () => {
    await using product = new Product("program", { web: script("ls -l /proc/$$/fd; exec sleep 1000") });
    product.configure({ web: { ...STEADY } });
    await product.up([], { wrapper: ["sh", "-c", 'trap "" HUP INT QUIT PIPE TERM USR2; exec "$@"', "sh"] });
    const { pid } = await product.untilReady("web");
    expect(readlinkSync(`/proc/${pid}/fd/0`)).toBe("/dev/null");
    expect([...new Bun.Glob("*").scanSync({ cwd: `/proc/${pid}/fd`, onlyFiles: false })].sort()).toEqual([
      "0",
      "1",
      "2",
    ]);
    for (const mask of ["SigIgn", "SigBlk"]) expect([mask, statusLine(pid ?? 0, mask)]).toEqual([mask, "0".repeat(16)]);
    expect(
      Number(
        readProc(pid ?? 0, "stat")
          .split(") ")[1]
          ?.split(" ")[3],
      ),
    ).toBe(pid ?? 0);
  });
});

describe("its environment", () => {
  const inherited = {
    KEPT: "daemon",
    npm_config_registry: "http://localhost",
    npm_lifecycle_event: "start",
    NODE: "/usr/bin/node",
    INIT_CWD: "/",
    PATH: `/srv/shop/node_modules/.bin:${process.env.PATH}`,
    NOTIFY_SOCKET: "/run/other",
    LISTEN_FDS: "3",
  };

  test("extend: the daemon's, without what npm and others left in it; file under declared", async () => {
    await using product = new Product("program", {}, inherited);
    product.write("web.env", "# comment\nFROM_FILE=file\nBOTH=file\nQUOTED='a b'\n");
    product.configure({ web: { ...STEADY, environment_file: "web.env", environment: { BOTH: "declared", ADDED: 1 } } });
    const environment = environmentOf(await started(product));
    expect(environment).toMatchObject({
      KEPT: "daemon",
      FROM_FILE: "file",
      BOTH: "declared",
      ADDED: "1",
      QUOTED: "a b",
    });
    expect(environment).toMatchObject({
      MUSTER_SERVICE: "web",
      MUSTER_INSTANCE: "1",
      MUSTER_TOKEN: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    const leaks = Object.keys(environment).filter((name) =>
      /^npm_|^INIT_CWD$|^NODE$|^NOTIFY_SOCKET$|^LISTEN_|^MUSTER_(STATE|RUN)_DIR$/.test(name),
    );
    expect(leaks).toEqual([]);
    expect(environment.PATH).not.toContain("node_modules");
  });

  test("replace: only what is declared, and the seed's form of it", async () => {
    const web = {
      ...STEADY,
      environment_mode: "replace",
      environment: "ONE=1;;TWO=a=b;;THREE=",
      command: [Bun.which("sleep"), "1000"],
    };
    await using product = new Product("program", { web }, inherited);
    const { MUSTER_TOKEN: token, ...environment } = environmentOf(await started(product));
    const own = {
      MUSTER_SERVICE: "web",
      MUSTER_INSTANCE: "1",
      MUSTER_SOCKET: `${product.runDirectory}/events/${token}`,
    };
    expect(environment).toEqual({ ONE: "1", TWO: "a=b", THREE: "", ...own });
  });

  test("a key that is removed from the file is gone after apply; others are not touched", async () => {
    await using product = new Product("program", {
      web: { ...STEADY, environment: { GONE: "1", STAYS: "1" } },
      other: STEADY,
    });
    expect(environmentOf(await started(product))).toMatchObject({ GONE: "1" });
    const { pid: other } = await product.untilReady("other");
    product.configure({ web: { ...STEADY, environment: { STAYS: "1" } }, other: STEADY });
    await product.apply();
    const environment = environmentOf((await product.untilReady("web")).pid ?? 0);
    expect(environment.STAYS).toBe("1");
    expect(environment).not.toHaveProperty("GONE");
    expect(await product.instance("other")).toMatchObject({ pid: other });
  });
});

describe("what it may use", () => {
  test("limits: set ones are set; the one that the runtime raises for itself is not passed on", async () => {
    const limits = { open_files: [100, 200], core: 0, cpu: "1h", stack: "4MB" };
    await using product = new Product("program", { web: { ...STEADY, limits }, other: STEADY });
    const text = readProc(await started(product), "limits");
    expect(text).toMatch(/Max open files\s+100\s+200\s/);
    expect(text).toMatch(/Max core file size\s+0\s+0\s/);
    expect(text).toMatch(/Max cpu time\s+3600\s+3600\s/);
    expect(text).toMatch(/Max stack size\s+4000000\s+4000000\s/);
    const other = readProc((await product.untilReady("other")).pid ?? 0, "limits");
    const [, soft, hard] = /Max open files\s+(\d+)\s+(\d+)/.exec(other) ?? [];
    expect(Number(soft)).toBe(Math.min(1024, Number(hard)));
  });

  tool("setpriv")("no_new_privileges", async () => {
    await using product = new Product("program", { web: { ...STEADY, no_new_privileges: true }, other: STEADY });
    expect(statusLine(await started(product), "NoNewPrivs")).toBe("1");
    expect(statusLine((await product.untilReady("other")).pid ?? 0, "NoNewPrivs")).toBe("0");
  });

  asRoot("capabilities: exactly these are left", async () => {
    const web = { ...STEADY, capabilities: ["NET_BIND_SERVICE", "cap_kill"] };
    await using product = new Product("program", { web, none: { ...STEADY, capabilities: [] } });
    const pid = await started(product);
    for (const set of ["CapEff", "CapBnd", "CapPrm"])
      expect([set, statusLine(pid, set)]).toEqual([set, "0000000000000420"]);
    expect(statusLine((await product.untilReady("none")).pid ?? 0, "CapEff")).toBe("0".repeat(16));
  });

  tool("taskset")("CPU affinity", async () => {
    await using product = new Product("program", { web: { ...STEADY, cpu_affinity: "0" } });
    expect(statusLine(await started(product), "Cpus_allowed_list")).toBe("0");
  });

  tool("ionice")("I/O priority", async () => {
    await using product = new Product("program", {
      web: { ...STEADY, io_priority: "best-effort:6" },
      idle: { ...STEADY, io_priority: "idle" },
    });
    const pid = await started(product);
    expect(Bun.spawnSync(["ionice", "-p", String(pid)]).stdout.toString()).toBe("best-effort: prio 6\n");
    const { pid: idle } = await product.untilReady("idle");
    expect(Bun.spawnSync(["ionice", "-p", String(idle)]).stdout.toString()).toBe("idle\n");
  });

  tool("choom")("OOM score; the chain of tools leaves one process, the program", async () => {
    await using product = new Product("program", {
      web: { ...STEADY, oom_score: 321, cpu_affinity: "0", no_new_privileges: true },
    });
    const pid = await started(product);
    expect(readProc(pid, "oom_score_adj").trim()).toBe("321");
    expect(readProc(pid, "cmdline")).toBe("sleep\x001000\0");
  });

  asRoot("a cgroup of its own where one can be had", async () => {
    await using product = new Product("program", { web: STEADY });
    const pid = await started(product);
    const cgroup = /^0::(.*)$/m.exec(readProc(pid, "cgroup"))?.[1] ?? "";
    const cgroups = readProc(product.daemon?.pid ?? 0, "cgroup");
    if (product.daemonLog().includes("no cgroups")) expect(cgroups).toContain(`0::${cgroup}`);
    else expect(cgroup).toMatch(/\/muster-[0-9a-f]{8}\/web\.1\.\d+$/);
  });
});
