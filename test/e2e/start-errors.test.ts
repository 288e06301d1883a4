/** What keeps one service from starting is told of that service, in words, and keeps no other. */
import { describe, expect, test } from "bun:test";
import { Product } from "../support/product.ts";
import { STEADY, script } from "../support/services.ts";

const ONCE = { start: { wait: "1ms", retries: 1 }, give_up: { revive: "0s" } };

interface Broken {
  readonly name: string;
  readonly keys: Record<string, unknown>;
  readonly reason: RegExp;
}

const BROKEN: readonly Broken[] = [
  {
    name: "program",
    // Not the PATH of who runs the tests: it may name places that he may not enter.
    keys: { command: ["no-such-program"], environment: { PATH: "/usr/bin:/bin" } },
    reason: /its program "no-such-program" cannot be run: there is no such file or directory/,
  },
  {
    name: "behind-tools",
    keys: {
      command: ["no-such-program"],
      environment: { PATH: "/usr/bin:/bin" },
      cpu_affinity: "0",
      no_new_privileges: true,
    },
    reason: /its program "no-such-program" cannot be run: there is no such file or directory/,
  },
  {
    name: "behind-tools-not-executable",
    keys: { command: ["./plain"], cpu_affinity: "0" },
    reason: /its program "\.\/plain" cannot be run: permission is denied/,
  },
  {
    name: "not-executable",
    keys: { command: ["./plain"] },
    reason: /its program "\.\/plain" cannot be run: permission is denied/,
  },
  {
    name: "no-format",
    keys: { command: ["./garbage"] },
    reason: /its program "\.\/garbage" cannot be run: the system cannot run such a file/,
  },
  {
    name: "interpreter",
    keys: { command: ["./script"] },
    reason: /its program "\.\/script" cannot be run: there is no such file or directory/,
  },
  {
    name: "directory",
    keys: { directory: "missing" },
    reason: /its directory \S+\/missing cannot be entered: there is no such file or directory/,
  },
  {
    name: "directory-of-chain",
    keys: { directory: "missing", cpu_affinity: "0" },
    reason: /its directory \S+\/missing cannot be entered: there is no such file or directory/,
  },
  {
    name: "file-for-directory",
    keys: { directory: "plain" },
    reason: /its directory \S+\/plain cannot be entered: a part of the path is not a directory/,
  },
  { name: "user", keys: { user: "no-such-user" }, reason: /there is no user or group "no-such-user" on this host/ },
  {
    name: "group",
    keys: { unix_group: "no-such-group" },
    reason: /there is no user or group "no-such-group" on this host/,
  },
  {
    name: "further-group",
    keys: { supplementary_groups: ["no-such-group"] },
    reason: /there is no user or group "no-such-group" on this host/,
  },
  {
    name: "environment-file",
    keys: { environment_file: "missing.env" },
    reason: /its environment file \S+\/missing\.env cannot be read/,
  },
  {
    name: "environment-line",
    keys: { environment_file: "bad.env" },
    reason: /its environment file \S+\/bad\.env cannot be read: line 2/,
  },
];

describe("a service that cannot start", () => {
  test("has failed with a reason that names the cause; the others run", async () => {
    const services = Object.fromEntries(BROKEN.map(({ name, keys }) => [name, { ...STEADY, ...ONCE, ...keys }]));
    await using product = new Product("start-errors", { ...services, good: STEADY });
    product.write("plain", "not a program\n");
    product.write("garbage", "\0\x01\x02", 0o755);
    product.write("script", "#!/no/such/interpreter\n", 0o755);
    product.write("bad.env", "GOOD=1\nnot a line\n");
    await product.up();
    await product.untilReady("good");
    for (const { name, reason } of BROKEN) {
      const found = await product.untilState(name, "failed");
      expect([name, found.reason]).toEqual([name, expect.stringMatching(reason)]);
      const [why] = await product.client.why(name);
      expect([name, why?.summary]).toEqual([name, expect.stringMatching(reason)]);
    }
    expect(await product.instance("good")).toMatchObject({ state: "running", generation: 1, restarts: 0 });
    const started = await product.cli(["start", "program"]);
    expect(started.code).toBe(3);
    expect(started.stderr).toContain('its program "no-such-program" cannot be run');
  });

  test("runs when the cause was mended: the next try comes by itself", async () => {
    const web = {
      ...STEADY,
      directory: "later",
      backoff: { free: 0, first: "150ms", max: "150ms" },
      start: { wait: "1ms", retries: 100 },
    };
    await using product = new Product("start-errors", { web, other: STEADY });
    await product.up();
    const waiting = await product.untilState("web", "backoff");
    expect(waiting.reason).toContain("its directory");
    expect(waiting.nextTry).not.toBeNull();
    product.write("later/here", "");
    await product.untilReady("web");
    expect((await product.instance("other")).generation).toBe(1);
  });

  test("its last words are in why", async () => {
    const web = script("echo the disk is on fire >&2; exit 3", { ...ONCE });
    await using product = new Product("start-errors", { web });
    await product.up();
    expect(await product.untilState("web", "failed")).toMatchObject({ lastExit: { code: 3 } });
    await product.event("web", "instance.last-words");
    const why = await product.cli(["why", "web"]);
    expect(why.stdout).toContain("the disk is on fire");
    expect(why.stdout).toContain("exited with code 3");
  });
});
