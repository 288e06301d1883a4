import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { directoryForEachTest } from "../../../test/support/temporary-directory.ts";
import { codedError } from "../../model/errors/catalogue.ts";
import { runFake } from "../testing/fake-host.ts";

const TEXT = `# HELP muster_restarts Restarts of an instance.
# TYPE muster_restarts counter
muster_restarts_total{service="web"} 3
# HELP muster_memory_bytes Memory.
# TYPE muster_memory_bytes gauge
# UNIT muster_memory_bytes bytes
muster_memory_bytes{service="# TYPE \\n"} 1
# EOF
`;

/** As the textfile collector reads it. */
const TEXTFILE = `# HELP muster_restarts_total Restarts of an instance.
# TYPE muster_restarts_total counter
muster_restarts_total{service="web"} 3
# HELP muster_memory_bytes Memory.
# TYPE muster_memory_bytes gauge
muster_memory_bytes{service="# TYPE \\n"} 1
`;

describe("muster metrics", () => {
  const directory = directoryForEachTest("metrics");
  const run = (...argv: string[]) =>
    runFake(["metrics", ...argv], { workingDirectory: directory().path, client: { metrics: async () => TEXT } });

  test("prints the text as it came", async () => {
    expect(await run()).toMatchObject({ exitCode: 0, stdout: TEXT });
    expect(JSON.parse((await run("--json")).stdout)).toEqual({ text: TEXT });
  });

  test("writes a file for the collector, readable for all whatever the mask is", async () => {
    const mask = process.umask(0o077);
    try {
      expect(await run("--output", "muster.prom")).toMatchObject({ exitCode: 0, stdout: "" });
    } finally {
      process.umask(mask);
    }
    const path = directory().file("muster.prom");
    expect(readFileSync(path, "utf8")).toBe(TEXTFILE);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(directory().path)).toEqual(["muster.prom"]);
    expect(JSON.parse((await run("-o", path, "--json")).stdout)).toEqual({ path });
  });

  test("takes the place of what was there, and of what a killed one left, without writing through a link", async () => {
    const [path, victim] = [directory().file("muster.prom"), directory().file("victim")];
    writeFileSync(victim, "mine");
    writeFileSync(path, "old");
    symlinkSync(victim, `${path}.new`);
    expect((await run("--output", path)).exitCode).toBe(0);
    expect([readFileSync(path, "utf8"), readFileSync(victim, "utf8")]).toEqual([TEXTFILE, "mine"]);
  });

  test.each(["muster.txt", "prom", ".prom", "a/.prom", "muster.prom/"])(
    "%p would not be read: a usage error",
    async (name) => {
      expect(await run("--output", name)).toMatchObject({ exitCode: 2, connected: [] });
    },
  );

  test("says why it cannot write, and leaves nothing", async () => {
    mkdirSync(directory().file("taken.prom"));
    for (const name of ["missing/muster.prom", "taken.prom"]) {
      const outcome = await run("--output", name, "--json");
      expect([outcome.exitCode, JSON.parse(outcome.stderr).error.code]).toEqual([1, "file-unwritable"]);
    }
    expect(readdirSync(directory().path)).toEqual(["taken.prom"]);
  });

  test("without a daemon the file stays as it was", async () => {
    const path = directory().file("muster.prom");
    writeFileSync(path, "old");
    const metrics = () => Promise.reject(codedError("no-daemon", { socket: "s" }));
    expect((await runFake(["metrics", "-o", path], { client: { metrics } })).exitCode).toBe(4);
    expect(readFileSync(path, "utf8")).toBe("old");
  });
});
