/** Debian's MariaDB, unmodified: it says what it is doing, and how much more time that needs. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceDaemonDuringStart, startWithoutDaemon } from "../support/absent-daemon.ts";
import { ask, findProgram, HeldFile, untilAnswers, whyMissing } from "../support/debian-programs.ts";
import { failOnLeaks } from "../support/leak-check.ts";
import { Product, type ServicesInFile } from "../support/product.ts";
import { untilNothingLeft } from "../support/product-waits.ts";
import { EAGER } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const missing = whyMissing("mariadbd", "mariadb-server-core");
const withMariadb = skipWhen(missing);
/** It takes about 300 ms; a busy machine may need longer. */
const INSTALL_LIMIT_MS = 30_000;
const TABLES = "/usr/share/mysql";

failOnLeaks();

/** What it reads at its start, between its tables and its READY, is held. */
class Mariadb implements AsyncDisposable {
  readonly product = new Product("mariadb", {});
  readonly socket = this.product.file("mariadb.sock");
  readonly first = new HeldFile(this.product.file("first.sql"));

  constructor(data: string, keys: ServicesInFile[string] = {}) {
    const words = ["skip-networking", `socket=${this.socket}`, `pid-file=${this.product.file("pid")}`];
    const options = [...words, `init-file=${this.first.path}`].map((word) => `--${word}`);
    const command = [findProgram("mariadbd"), ...commonOptions(data), ...options];
    this.product.configure({ mariadb: { command, ready: "notify", ...keys } });
  }

  async up(): Promise<number> {
    await this.product.up();
    await this.first.release("SELECT 1;\n");
    return (await this.product.untilReady("mariadb")).pid ?? 0;
  }

  /** What it says to who connects begins with its version. */
  greeting(): Promise<string> {
    return ask(this.socket, "");
  }

  heldStart() {
    const { product, first } = this;
    const works = () => untilAnswers("mariadb", () => this.greeting());
    return { product, service: "mariadb", release: () => first.release("SELECT 1;\n"), works };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.product[Symbol.asyncDispose]();
  }
}

function commonOptions(data: string): string[] {
  const user = process.getuid?.() === 0 ? ["user=root"] : [];
  const small = [
    "innodb-buffer-pool-size=8M",
    "innodb-log-file-size=4M",
    "innodb-temp-data-file-path=ibtmp1:2M:autoextend",
  ];
  return ["no-defaults", ...user, `datadir=${data}`, ...small].map((word) => `--${word}`);
}

/** As mariadb-install-db does it, which needs more packages. */
function install(data: string): void {
  Bun.spawnSync(["mkdir", "-p", join(data, "mysql")]);
  const files = readdirSync(TABLES).filter((name) => /_(system|performance)_tables\.sql$/.test(name));
  const tables = files
    .sort()
    .reverse()
    .map((name) => readFileSync(join(TABLES, name), "utf8"));
  const stdin = Buffer.from(`use mysql;\n${tables.join("\n")}`);
  const made = Bun.spawnSync([findProgram("mariadbd"), ...commonOptions(data), "--bootstrap"], { stdin });
  if (made.exitCode !== 0) throw new Error(`cannot make the tables: ${made.stderr}`);
}

describe("mariadbd", () => {
  let directory: TemporaryDirectory;
  let data = "";

  beforeAll(() => {
    directory = temporaryDirectory("mariadb-data");
    data = directory.file("data");
    if (missing === null) install(data);
  }, INSTALL_LIMIT_MS);

  afterAll(() => directory[Symbol.dispose]());

  withMariadb("is ready with its READY and not before, says what it does, and greets then", async () => {
    await using mariadb = new Mariadb(data);
    const { product } = mariadb;
    await product.up();
    await product.wrote("mariadb", /Reading of all Master_info|InnoDB: log sequence number/, "err");
    expect(await product.instance("mariadb")).toMatchObject({ state: "starting", ready: false });
    await mariadb.first.release("SELECT 1;\n");
    await product.untilReady("mariadb");
    expect(await mariadb.greeting()).toContain("MariaDB");
    await product.until("its status", ({ services: [service] }) => {
      return service?.instances[0]?.statusText === "Taking your SQL requests now...";
    });
  });

  withMariadb("stops in order, in its time, and leaves nothing", async () => {
    await using mariadb = new Mariadb(data);
    const { product } = mariadb;
    await mariadb.up();
    expect(await product.order({ order: "stop", targets: ["mariadb"] })).toMatchObject({ ok: true });
    expect((await product.instance("mariadb")).lastExit).toMatchObject({ code: 0 });
    expect(await product.events("mariadb", "instance.killed", "service.unheard")).toEqual([]);
    product.daemon?.kill("SIGTERM");
    expect(await product.daemon?.ended).toMatchObject({ code: 0 });
    await untilNothingLeft(product);
  });

  withMariadb("after KILL recovers, and is ready again", async () => {
    await using mariadb = new Mariadb(data, EAGER);
    const { product } = mariadb;
    process.kill(await mariadb.up(), "SIGKILL");
    expect((await product.event("mariadb", "instance.exited")).data).toMatchObject({ signal: "KILL" });
    await mariadb.first.release("SELECT 1;\n");
    expect(await product.untilReady("mariadb")).toMatchObject({ generation: 2, restarts: 1 });
    expect(await mariadb.greeting()).toContain("MariaDB");
    expect(await product.events("mariadb", "service.unheard")).toEqual([]);
  });

  withMariadb("without its tables has failed at once, with what it said last", async () => {
    await using mariadb = new Mariadb(join(data, "nowhere"), { start: { timeout: "60s", retries: 1 } });
    const { product } = mariadb;
    await product.up();
    const { reason } = await product.untilState("mariadb", "failed");
    expect(reason).toContain("exited with code 1 before it was ready");
    expect(JSON.stringify(await product.event("mariadb", "instance.last-words"))).toContain("nowhere");
  });

  withMariadb("goes on to its READY under the next daemon when the first dies during the start", async () => {
    await using mariadb = new Mariadb(data);
    await replaceDaemonDuringStart(mariadb.heldStart());
  });

  withMariadb("is known to be ready when it said so while no daemon was there", async () => {
    await using mariadb = new Mariadb(data);
    await startWithoutDaemon(mariadb.heldStart());
    expect((await mariadb.product.instance("mariadb")).statusText).toBe("Taking your SQL requests now...");
  });
});
