/** Errors that only a whole product can raise: each under its code, with what to do next, and for one service alone. */
import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, mkdirSync } from "node:fs";
import type { CodedError } from "../../src/base/coded-error.ts";
import type { LogQuery } from "../../src/model/log-line.ts";
import type { OrderRequest } from "../../src/model/order.ts";
import { Product } from "../support/product.ts";
import { STEADY } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";

const ALL: LogQuery = {
  targets: [],
  lines: null,
  follow: false,
  since: null,
  sinceStart: false,
  grep: null,
  stream: null,
};
const NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];

function whyNoOtherUser(): string | null {
  if (process.getuid?.() !== 0) return "only root can become another user";
  if (!existsSync("/dev/shm")) return "there is no /dev/shm";
  const tried = Bun.spawnSync([...NOBODY, process.execPath, "--version"]);
  return tried.success ? null : "another user may not run the runtime of this tree";
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "no error";
  } catch (error) {
    return (error as CodedError).code;
  }
}

async function read(product: Product, query: Partial<LogQuery>): Promise<void> {
  for await (const _ of product.client.logs({ ...ALL, ...query }));
}

describe("the API refuses", () => {
  test("what is no order, no query and no pattern", async () => {
    await using product = new Product("codes", { web: STEADY });
    await product.up();
    const { client } = product;
    expect(await codeOf(client.giveOrder({ order: "signal", targets: ["web"], signal: "NOSUCH" }))).toBe(
      "signal-unknown",
    );
    expect(await codeOf(client.giveOrder({ order: "scale", counts: { web: 5_000 } }))).toBe("scale-not-possible");
    expect(await codeOf(client.giveOrder({ order: "start", targets: ["nobody"] }))).toBe("service-unknown");
    expect(await codeOf(client.giveOrder({ order: "frobnicate", targets: [] } as unknown as OrderRequest))).toBe(
      "request-malformed",
    );
    expect(await codeOf(read(product, { grep: "(" }))).toBe("log-pattern-invalid");
    expect(await codeOf(read(product, { targets: ["nobody"] }))).toBe("service-unknown");
    expect(await codeOf(client.why("nobody"))).toBe("service-unknown");
    expect(await codeOf(client.plan("/no/such/file.toml"))).toBe("config-unreadable");
  });
});

describe("a daemon that cannot be reached", () => {
  test("does not begin: code 1, and nothing is started", async () => {
    await using product = new Product("codes", { web: STEADY });
    mkdirSync(`${product.runDirectory}/muster.sock`);
    const { code, stderr } = await product.cli(["up"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^muster: cannot listen on .*muster\.sock: .*; choose another/),
    ]);
    expect(product.processes()).toEqual([]);
  });
});

describe("a service fails alone", () => {
  test("whose user is unknown, whose environment file is missing, whose program or directory is not there", async () => {
    await using product = new Product("codes", {
      stranger: { ...STEADY, user: "nobody-has-this-name" },
      unread: { ...STEADY, environment_file: "missing.env" },
      absent: { ...STEADY, command: ["no-such-program"] },
      homeless: { ...STEADY, directory: "no/such/directory" },
      well: STEADY,
    });
    await product.up();
    await product.untilReady("well");
    const reason = async (name: string) => (await product.event(name, "instance.start-failed")).message;
    expect(await reason("stranger")).toContain('there is no user or group "nobody-has-this-name" on this host');
    expect(await reason("unread")).toMatch(/its environment file .*missing\.env cannot be read/);
    expect(await reason("absent")).toContain("no-such-program");
    expect(await reason("homeless")).toContain("no/such/directory");
    expect((await product.cli(["status"])).code).toBe(3);
    expect(await product.pidOf("well")).toBeGreaterThan(1);
  });
});

describe("who is not root", () => {
  skipWhen(whyNoOtherUser())("may run services, but not as somebody else", async () => {
    await using product = new Product("codes", { mine: STEADY, other: { ...STEADY, user: "root" } });
    // Below its run directory: the way to the temporary directory of a test is closed to others.
    const place = (name: string) => `${product.runDirectory}/${name}`;
    copyFileSync(product.configurationPath, place("muster.toml"));
    mkdirSync(place("state"));
    for (const path of [product.runDirectory, place("state")]) chmodSync(path, 0o777);
    await product.up(["--file", place("muster.toml"), "--state-dir", place("state")], {
      wrapper: NOBODY,
      directory: "/",
    });
    await product.untilReady("mine");
    expect((await product.event("other", "instance.start-failed")).message).toContain("only root may change the user");
  });
});
