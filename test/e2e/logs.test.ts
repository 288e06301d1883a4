/** What services write: kept whole, found again, shown as asked for. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { LogLine, LogQuery } from "../../src/model/log-line.ts";
import { Product } from "../support/product.ts";
import { EAGER, STEADY, script } from "../support/services.ts";
import { waitFor } from "../support/wait-for.ts";

const ALL: LogQuery = {
  targets: [],
  lines: null,
  follow: false,
  since: null,
  sinceStart: false,
  grep: null,
  stream: null,
};

/** What is written less than this apart may get the same time. */
const INDEX_MS = 40;

async function clockMoves(byMs: number): Promise<void> {
  const untilMs = Date.now() + byMs;
  await waitFor(`the clock to move by ${byMs} ms`, () => Date.now() > untilMs);
}

async function linesOf(product: Product, query: Partial<LogQuery>): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const batch of product.client.logs({ ...ALL, ...query })) lines.push(...batch);
  return lines;
}

function logsDirectory(product: Product): string {
  return join(product.stateDirectory, "logs");
}

/** Rotated files of a stream, oldest first, without their indexes. */
function rotated(directory: string, stream: string): string[] {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return names.filter((name) => name.startsWith(`${stream}.2`) && !/\.idx(\.gz)?$/.test(name)).sort();
}

/** All that is kept of a stream: the rotated files and the current one. */
function kept(product: Product, stream: string): string {
  const directory = logsDirectory(product);
  const texts = [...rotated(directory, stream), stream].map((name) => {
    const bytes = readFileSync(join(directory, name));
    return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1");
  });
  return texts.join("");
}

function numbers(text: string): number[] {
  return text.trimEnd().split("\n").map(Number);
}

/** So long a search may take in all. */
const PATTERN_LIMIT_MS = 2_000;

const counted = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("rotation", () => {
  test("by size at full speed: every line once, in order, in files that end with a line", async () => {
    const count = 300_000;
    await using product = new Product("logs", {
      web: script(`exec seq 1 ${count}`, { kind: "task", log: { size: "100kB", keep: 10_000 } }),
    });
    await product.up();
    await product.untilState("web", "finished");
    const directory = logsDirectory(product);
    const files = rotated(directory, "web.1.out.log");
    expect(files.length).toBeGreaterThan(3);
    for (const name of files)
      expect([name, readFileSync(join(directory, name), "latin1").endsWith("\n")]).toEqual([name, true]);
    expect(numbers(kept(product, "web.1.out.log"))).toEqual(counted(count));
    expect((await linesOf(product, { targets: ["web"] })).length).toBe(count);
  });

  test("by order, while somebody follows: the follower misses nothing and sees nothing twice", async () => {
    await using product = new Product("logs", {
      web: script("i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i; sleep 0.003; done; exec sleep 1000"),
    });
    await product.up();
    const seen: string[] = [];
    const end = new AbortController();
    const following = (async () => {
      for await (const batch of product.client.logs({ ...ALL, targets: ["web"], follow: true }, end.signal)) {
        seen.push(...batch.map((line) => line.text));
        if (seen.includes("300")) end.abort();
      }
    })();
    for (const mark of [50, 120, 200]) {
      await waitFor(`line ${mark}`, () => seen.length >= mark);
      expect((await product.cli(["rotate", "web"])).code).toBe(0);
    }
    await following;
    expect(seen.map(Number)).toEqual(counted(300));
    expect(rotated(logsDirectory(product), "web.1.out.log").length).toBe(3);
  });

  test("compresses, keeps so many, and what is compressed is still read", async () => {
    await using product = new Product("logs", {
      web: script("echo first; read line < gate; exec sleep 1000", { log: { compress: true, keep: 2 } }),
    });
    const gate = product.gate("gate");
    await product.up();
    await product.wrote("web", /first/);
    await product.order({ order: "rotate", targets: ["web"] });
    const directory = logsDirectory(product);
    await waitFor("the packed file", () => rotated(directory, "web.1.out.log").some((name) => name.endsWith(".gz")));
    expect((await linesOf(product, { targets: ["web"] })).map((line) => line.text)).toEqual(["first"]);
    gate.open();
    for (const turn of [1, 2, 3]) {
      await product.order({ order: "restart", targets: ["web"] });
      await product.wrote("web", /first/);
      await product.order({ order: "rotate", targets: ["web"] });
      await waitFor(`rotation ${turn}`, () => product.output("web") === "");
    }
    await waitFor("two files to be left", () => {
      const names = rotated(directory, "web.1.out.log");
      return names.length === 2 && names.every((name) => name.endsWith(".gz"));
    });
    expect((await product.event("web", "log.removed")).message).toContain("more files than log.keep allows");
  });

  test("to the archive, by year and month", async () => {
    await using product = new Product("logs", {
      web: script("echo first; exec sleep 1000", { log: { archive: "old/{service}" } }),
    });
    await product.up();
    await product.wrote("web", /first/);
    await product.order({ order: "rotate", targets: ["web"] });
    const now = new Date();
    const month = String(now.getUTCMonth() + 1).padStart(2, "0");
    const place = product.file("old", "web", String(now.getUTCFullYear()), month);
    const [name = ""] = await waitFor("the archived file", () => {
      const names = rotated(place, "web.1.out.log");
      return names.length > 0 ? names : undefined;
    });
    expect(readFileSync(join(place, name), "utf8")).toBe("first\n");
    expect((await linesOf(product, { targets: ["web"] })).map((line) => line.text)).toEqual(["first"]);
  });

  test("the limits of a service and of all hold, and what goes is said", async () => {
    await using product = new Product("logs", {});
    const writer = (total: object) =>
      script("exec seq 1 20000", { kind: "task", log: { size: "20kB", keep: 1_000, ...total } });
    product.configure({ own: writer({ total: "50kB" }), other: writer({}) }, { log_total: "100kB" });
    await product.up();
    await product.untilState(["own", "other"], "finished");
    const bytes = (name: string) =>
      readdirSync(logsDirectory(product))
        .filter((file) => file.startsWith(name))
        .reduce(
          (sum, file) => sum + (statSync(join(logsDirectory(product), file), { throwIfNoEntry: false })?.size ?? 0),
          0,
        );
    await waitFor("the limits to hold", () => bytes("own.") <= 50_000 && bytes("own.") + bytes("other.") <= 100_000);
    const reasons = (await product.events(null, "log.removed")).map((event) => event.data.reason);
    expect(new Set(reasons)).toEqual(new Set(["service-total", "host-total"]));
    expect(numbers(kept(product, "own.1.out.log")).at(-1)).toBe(20_000);
  });

  test("the daemon's own log takes another level while it runs", async () => {
    await using product = new Product("logs", { web: STEADY });
    await product.up();
    const own = () => product.read("state/logs/muster.log");
    expect((await product.cli(["log-level", "debug"])).code).toBe(0);
    await linesOf(product, {});
    await waitFor("a debug line", () => own().includes(" debug "));
    expect((await product.cli(["log-level", "error"])).code).toBe(0);
  });
});

describe("muster logs", () => {
  test("merges services by time, names instance and stream, and gives one object a line", async () => {
    await using product = new Product("logs", {
      a: script("for i in 1 3 5; do echo a$i; read line < a; done; exec sleep 1000"),
      b: script("for i in 2 4 6; do read line < b; echo b$i >&2; done; exec sleep 1000"),
    });
    const gates = { a: product.gate("a"), b: product.gate("b") };
    await product.up();
    await product.wrote("a", /a1/);
    for (const step of ["b", "a", "b", "a", "b"] as const) {
      const stream = step === "a" ? "out" : "err";
      const before = product.output(step, stream).length;
      gates[step].open();
      await waitFor(`${step} to write`, () => product.output(step, stream).length > before);
      await clockMoves(INDEX_MS);
    }
    const lines = await linesOf(product, { targets: ["a", "b"] });
    expect(lines.map((line) => [line.instance, line.stream, line.text])).toEqual([
      ["a:1", "out", "a1"],
      ["b:1", "err", "b2"],
      ["a:1", "out", "a3"],
      ["b:1", "err", "b4"],
      ["a:1", "out", "a5"],
      ["b:1", "err", "b6"],
    ]);
    const shown = await product.cli(["logs", "--json", "--stream", "err", "-n", "1"]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ instance: "b:1", stream: "err", generation: 1, text: "b6" });
    expect((await product.cli(["logs", "a", "b"])).stdout.split("\n").length).toBe(7);
    const raw = await product.cli(["logs", "--raw", "-n", "all", "a"]);
    expect(raw.stdout).toBe("a1\na3\na5\n");
  });

  test("since a time, since the start, and by pattern", async () => {
    await using product = new Product("logs", { web: script("echo run; echo error: $$ >&2; exec sleep 1000", EAGER) });
    await product.up();
    await product.wrote("web", /error/, "err");
    await clockMoves(INDEX_MS);
    const between = new Date().toISOString();
    await clockMoves(INDEX_MS);
    await product.order({ order: "restart", targets: ["web"] });
    await waitFor("the second run", () => product.output("web", "err").split("error").length === 3);
    expect((await linesOf(product, {})).length).toBe(4);
    expect((await linesOf(product, { since: between })).map((line) => line.generation)).toEqual([2, 2]);
    expect((await linesOf(product, { sinceStart: true })).map((line) => line.generation)).toEqual([2, 2]);
    expect((await linesOf(product, { grep: "^error: \\d+$" })).length).toBe(2);
    expect((await linesOf(product, { grep: "run", lines: 1 })).map((line) => line.generation)).toEqual([2]);
    expect((await product.cli(["logs", "--since", "1h", "--grep", "nothing"])).stdout).toBe("");
  });

  test("a pattern that runs for ever is given up, and the daemon answers meanwhile", async () => {
    await using product = new Product("logs", { web: script(`echo ${"a".repeat(60)}b; exec sleep 1000`) });
    await product.up();
    await product.wrote("web", /b\n/);
    const searching = product.cli(["logs", "--grep", "^(a+)+$"]);
    let over = false;
    void searching.then(() => {
      over = true;
    });
    const answers: number[] = [];
    while (!over) {
      const beginMs = performance.now();
      await product.client.status();
      answers.push(performance.now() - beginMs);
      await new Promise(setImmediate);
    }
    const { code, stderr } = await searching;
    expect([code, stderr]).toEqual([1, expect.stringContaining("it took more than")]);
    expect(answers.length).toBeGreaterThan(20);
    // On the supervising thread it would have held up one answer for all its time.
    expect(answers.sort((a, b) => a - b).at(-1)).toBeLessThan(PATTERN_LIMIT_MS / 2);
  });

  test("merge = true keeps the exact order of both streams", async () => {
    await using product = new Product("logs", {
      web: script("i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo $i; i=$((i+1)); echo $i >&2; done", {
        kind: "task",
        log: { merge: true },
      }),
    });
    await product.up();
    await product.untilState("web", "finished");
    expect(numbers(product.output("web"))).toEqual(counted(500));
    expect(product.output("web", "err")).toBe("");
  });

  test("the last words of a crash are kept, and told by why", async () => {
    await using product = new Product("logs", {
      web: script("echo all is well; echo out of cheese >&2; exit 7", { restart: "never" }),
    });
    await product.up();
    const words = await product.event("web", "instance.last-words");
    expect(words.data.lines).toEqual(expect.arrayContaining(["all is well", "out of cheese"]));
    const { stdout } = await product.cli(["why", "web"]);
    expect(stdout).toContain("exited with code 7");
    expect(stdout).toContain("| out of cheese");
  });
});

describe('log.to = "stdout"', () => {
  const ticker = (name: string, more: object = {}) =>
    script(`i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo ${name} $i; done; exec sleep 1000`, {
      log: { to: "stdout", size: "10kB", keep: 2, compress: true, ...more },
    });

  test("copies the lines to the output of the daemon, once each and in order, over rotation", async () => {
    await using product = new Product("logs", {
      a: ticker("a"),
      b: ticker("b"),
      quiet: script("echo not shown; exec sleep 1000"),
    });
    const daemon = await product.up();
    await waitFor("all lines", () => / 2000\n[\s\S]* 2000\n/.test(daemon.stdout()), {
      lastSeen: () => daemon.stdout().length,
    });
    for (const name of ["a", "b"]) {
      const lines = daemon
        .stdout()
        .split("\n")
        .filter((line) => line.startsWith(`${name} `));
      expect(lines).toEqual(counted(2_000).map((number) => `${name} ${number}`));
    }
    expect(daemon.stdout()).not.toContain("not shown");
    expect(numbers(daemon.stdout().replaceAll(/[ab] /g, "")).length).toBe(4_000);
  });

  test("the next daemon goes on where it was, and a change to it takes effect at once", async () => {
    await using product = new Product("logs", {
      web: script(
        "read line < gate; echo one; read line < gate; echo two; read line < gate; echo three; exec sleep 1000",
      ),
    });
    const gate = product.gate("gate");
    const first = await product.up();
    gate.open();
    await product.wrote("web", /one/);
    expect(first.stdout()).toBe("");
    product.configure({
      web: script(
        "read line < gate; echo one; read line < gate; echo two; read line < gate; echo three; exec sleep 1000",
        { log: { to: "stdout" } },
      ),
    });
    await product.apply();
    await waitFor("the first line", () => first.stdout() === "one\n");
    expect((await product.cli(["down", "--keep"])).code).toBe(0);
    await first.ended;
    gate.open();
    await product.wrote("web", /two/);
    const second = await product.up();
    await waitFor("the second line", () => second.stdout() === "two\n", { lastSeen: second.stdout });
    gate.open();
    await waitFor("the third line", () => second.stdout() === "two\nthree\n", { lastSeen: second.stdout });
    expect((await product.cli(["down"])).code).toBe(0);
    expect((await second.ended).stdout).toBe("two\nthree\n");
  });
});
