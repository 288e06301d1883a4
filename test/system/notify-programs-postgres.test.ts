/** Debian's PostgreSQL, unmodified, as a user of its own when the test is root: it refuses to run as root. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceDaemonDuringStart, startWithoutDaemon } from "../support/absent-daemon.ts";
import {
  findAccount,
  findProgram,
  HeldFile,
  OpenDirectory,
  untilAnswers,
  whyMissing,
} from "../support/debian-programs.ts";
import { failOnLeaks } from "../support/leak-check.ts";
import { seeProcess, sendSignal } from "../support/processes.ts";
import { Product, type ServicesInFile } from "../support/product.ts";
import { untilNothingLeft } from "../support/product-waits.ts";
import { EAGER } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { waitFor } from "../support/wait-for.ts";

const isRoot = process.getuid?.() === 0;
const account = isRoot ? findAccount("postgres") : null;
const missing = whyMissing("postgres", "postgresql") ?? (isRoot && account === null ? "no user postgres" : null);
const withPostgres = skipWhen(missing);
/** initdb takes about a second; a busy machine may need longer. */
const INITDB_LIMIT_MS = 60_000;
const INITDB = ["--auth=trust", "--username=test", "--no-locale", "--encoding=UTF8", "--no-sync", "--wal-segsize=1"];
const SETTINGS = [
  "listen_addresses=",
  "fsync=off",
  "max_connections=10",
  "shared_buffers=1MB",
  "dynamic_shared_memory_type=mmap",
];

failOnLeaks();

/** One for all tests of the file, which use it one after the other. */
class Cluster implements Disposable {
  readonly directory = new OpenDirectory("postgres");
  readonly data = this.directory.make("data", account);
  /** who may connect: read between the opening of its socket and its READY, and held */
  readonly access = new HeldFile(this.directory.file("access"));

  constructor() {
    const as =
      account === null ? [] : ["setpriv", `--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"];
    const made = Bun.spawnSync([...as, findProgram("initdb"), `--pgdata=${this.data}`, ...INITDB], { cwd: "/" });
    if (made.exitCode !== 0) throw new Error(`cannot make the cluster: ${made.stderr}`);
  }

  /** Null: it has ended in order. */
  postmaster(): number | null {
    const [pid = ""] = this.lockFile();
    return pid === "" ? null : Number(pid);
  }

  /** One that was killed leaves a segment of shared memory to the next, which is not to come any more. */
  [Symbol.dispose](): void {
    const [, segment] = this.lockFile()[6]?.trim().split(/ +/) ?? [];
    if (segment !== undefined) Bun.spawnSync([findProgram("ipcrm") || "true", "-m", segment]);
    this.directory[Symbol.dispose]();
  }

  private lockFile(): string[] {
    const path = join(this.data, "postmaster.pid");
    return existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  }
}

class Postgres implements AsyncDisposable {
  readonly product = new Product("postgres", {});
  private readonly cluster: Cluster;

  constructor(cluster: Cluster, keys: ServicesInFile[string] = {}, settings: readonly string[] = []) {
    const all = [...SETTINGS, `unix_socket_directories=${cluster.data}`, ...settings].flatMap((one) => ["-c", one]);
    const command = [findProgram("postgres"), "-D", cluster.data, ...all];
    const user = account === null ? {} : { user: account.name };
    const stop = { signal: "INT" };
    this.cluster = cluster;
    this.product.configure({
      postgres: { command, ...user, directory: cluster.data, ready: "notify", stop, ...keys },
    });
  }

  /** With the reading of who may connect held. */
  static held(cluster: Cluster): Postgres {
    return new Postgres(cluster, {}, [`hba_file=${cluster.access.path}`]);
  }

  async release(): Promise<void> {
    await this.cluster.access.release("local all all trust\n");
  }

  /** Fails when it cannot be asked. */
  async query(text: string): Promise<string> {
    const words = ["--host", this.cluster.data, "--username", "test", "--no-psqlrc", "--tuples-only", "--no-align"];
    const psql = Bun.spawn([findProgram("psql"), ...words, "--command", text, "postgres"], { stderr: "pipe" });
    const [code, out, problem] = await Promise.all([psql.exited, psql.stdout.text(), psql.stderr.text()]);
    if (code !== 0) throw new Error(`psql ended with ${code}: ${problem}`);
    return out.trim();
  }

  heldStart() {
    const { product } = this;
    const works = () => untilAnswers("postgres", () => this.query("SELECT 1"));
    return { product, service: "postgres", release: () => this.release(), works };
  }

  /** The postmaster goes while its shim is there to collect it: the next one takes a zombie for a running one. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.product.killDaemon();
    const postmaster = this.cluster.postmaster();
    if (postmaster !== null) {
      sendSignal(postmaster, "SIGKILL");
      await waitFor("the postmaster to be collected", () => seeProcess(postmaster) === undefined);
    }
    await this.product[Symbol.asyncDispose]();
  }
}

describe("postgres", () => {
  let cluster: Cluster;

  beforeAll(() => {
    if (missing === null) cluster = new Cluster();
  }, INITDB_LIMIT_MS);

  afterAll(() => cluster?.[Symbol.dispose]());

  withPostgres("is ready with its READY and not before; a connection works then", async () => {
    await using postgres = Postgres.held(cluster);
    const { product } = postgres;
    await product.up();
    const pid = await product.pidOf("postgres");
    await product.wrote("postgres", /listening on Unix socket/, "err");
    expect(await product.instance("postgres")).toMatchObject({ pid, state: "starting", ready: false });
    await postgres.release();
    expect(await product.untilReady("postgres")).toMatchObject({ pid, state: "running", generation: 1 });
    expect(await postgres.query("SELECT 40 + 2")).toBe("42");
  });

  withPostgres("stops in order and leaves nothing", async () => {
    await using postgres = new Postgres(cluster);
    const { product } = postgres;
    await product.up();
    await product.untilReady("postgres");
    expect(await product.order({ order: "stop", targets: ["postgres"] })).toMatchObject({ ok: true });
    expect((await product.instance("postgres")).lastExit).toMatchObject({ code: 0 });
    expect(await product.events("postgres", "instance.killed", "service.unheard")).toEqual([]);
    product.daemon?.kill("SIGTERM");
    expect(await product.daemon?.ended).toMatchObject({ code: 0 });
    await untilNothingLeft(product);
    expect(cluster.postmaster()).toBeNull();
  });

  withPostgres("after KILL to its postmaster recovers, and is ready again when that is done", async () => {
    await using postgres = new Postgres(cluster, EAGER);
    const { product } = postgres;
    await product.up();
    const { pid } = await product.untilReady("postgres");
    await postgres.query("CREATE TABLE kept (number int); INSERT INTO kept VALUES (7)");
    process.kill(pid ?? 0, "SIGKILL");
    expect((await product.event("postgres", "instance.exited")).data).toMatchObject({ signal: "KILL" });
    const again = await product.until("the next one to be ready", ({ services: [service] }) => {
      const [one] = service?.instances ?? [];
      return one?.generation !== 1 && one?.ready && one;
    });
    expect(await postgres.query("SELECT number FROM kept")).toBe("7");
    expect(again).toMatchObject({ state: "running", generation: 2, restarts: 1 });
    await product.wrote("postgres", /automatic recovery in progress/, "err");
    expect(await product.events("postgres", "service.unheard", "instance.start-failed")).toEqual([]);
  });

  withPostgres("reloads by HUP without a word about it", async () => {
    await using postgres = new Postgres(cluster);
    const { product } = postgres;
    await product.up();
    const { pid } = await product.untilReady("postgres");
    appendFileSync(join(cluster.data, "postgresql.conf"), "work_mem = '5MB'\n");
    expect(await product.order({ order: "reload", targets: ["postgres"] })).toMatchObject({ ok: true });
    await untilAnswers("postgres", async () => ((await postgres.query("SHOW work_mem")) === "5MB" ? "5MB" : ""));
    expect(await product.instance("postgres")).toMatchObject({ pid, state: "running", generation: 1 });
    expect(await product.events("postgres", "instance.reloading")).toHaveLength(1);
    expect(await product.events("postgres", "instance.reloaded")).toEqual([]);
  });

  withPostgres("with a wrong setting has failed at once, with what it said last", async () => {
    await using postgres = new Postgres(cluster, { start: { timeout: "60s", retries: 1 } }, ["no_such_word=yes"]);
    const { product } = postgres;
    await product.up();
    const { reason } = await product.untilState("postgres", "failed");
    expect(reason).toContain("exited with code 1 before it was ready");
    expect(JSON.stringify(await product.event("postgres", "instance.last-words"))).toContain("no_such_word");
  });

  withPostgres("goes on to its READY under the next daemon when the first dies during the start", async () => {
    await using postgres = Postgres.held(cluster);
    await replaceDaemonDuringStart(postgres.heldStart());
  });

  withPostgres("is known to be ready when it said so while no daemon was there", async () => {
    await using postgres = Postgres.held(cluster);
    await startWithoutDaemon(postgres.heldStart());
  });
});
