import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { waitForFile, waitForProcessEnd } from "../../test/support/wait-for.ts";
import { readTestCases } from "./junit.ts";

const RUNNER = join(import.meta.dir, "../test.ts");

interface Run {
  readonly code: number;
  readonly output: string;
  readonly lastLine: string;
}

/** Runs the runner on a tree that holds just these files. */
async function runOn(files: Readonly<Record<string, string>>, ...more: string[]): Promise<Run> {
  using tree = temporaryDirectory("runner");
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(tree.file(path)), { recursive: true });
    writeFileSync(tree.file(path), `import { expect, test } from "bun:test";\n${source}`);
  }
  const child = Bun.spawn([process.execPath, RUNNER, "--root", tree.path, ...more], { stdout: "pipe", stderr: "pipe" });
  const [code, output] = await Promise.all([child.exited, child.stdout.text()]);
  return { code, output, lastLine: output.trim().split("\n").at(-1) ?? "" };
}

const PASSES = `test("passes", () => expect(1).toBe(1));`;

test.concurrent("counts what passed over all files and groups", async () => {
  const run = await runOn({ "src/a.test.ts": PASSES, "test/e2e/b.test.ts": PASSES, "test/system/c.test.ts": PASSES });
  expect(run.lastLine).toBe("2 passed, 0 failed, 0 skipped");
  expect(run.output).toContain("end to end: 1 passed");
  expect(run.code).toBe(0);
});

test.concurrent("runs the system tests alone when asked to", async () => {
  const run = await runOn({ "src/a.test.ts": PASSES, "test/system/c.test.ts": PASSES }, "--system");
  expect(run.output).not.toContain("src/a.test.ts");
  expect(run.lastLine).toBe("1 passed, 0 failed, 0 skipped");
});

test.concurrent("shows the output of a failed test and names it at the end", async () => {
  const run = await runOn({
    "src/a.test.ts": `${PASSES} test("breaks", () => { console.log("a word"); expect(1).toBe(2); });`,
  });
  expect(run.output).toContain("a word");
  expect(run.output).toContain("failed: src/a.test.ts: breaks");
  expect(run.lastLine).toBe("1 passed, 1 failed, 0 skipped");
  expect(run.code).toBe(1);
});

test.concurrent("names a hook that failed", async () => {
  const hook = `import { afterAll, describe } from "bun:test"; describe("group", () => { afterAll(() => { throw new Error("left"); }); ${PASSES} });`;
  const run = await runOn({ "src/a.test.ts": hook });
  expect(run.output).toContain("a hook beside the tests");
  expect(run.lastLine).toBe("1 passed, 1 failed, 0 skipped");
});

test.concurrent("names what was skipped and why", async () => {
  const run = await runOn({ "src/a.test.ts": `${PASSES} test.skip("as root, skipped: not root", () => {});` });
  expect(run.output).toContain("skipped: src/a.test.ts: as root: not root");
  expect(run.lastLine).toBe("1 passed, 0 failed, 1 skipped");
  expect(run.code).toBe(0);
});

test.concurrent("refuses a snapshot that is not there yet, and a test that hides the others", async () => {
  const snapshot = await runOn({ "src/a.test.ts": `test("matches", () => expect(1).toMatchSnapshot());` });
  expect(snapshot.code).toBe(1);
  const only = await runOn({ "src/a.test.ts": `test.only("alone", () => {}); ${PASSES}` });
  expect(only.code).toBe(1);
});

test.concurrent("refuses a skip without a reason", async () => {
  const run = await runOn({ "src/a.test.ts": `${PASSES} test.skip("as root", () => {});` });
  expect(run.output).toContain('"as root" is skipped without a reason');
  expect(run.code).toBe(1);
});

test.concurrent("a left process fails the file and is ended", async () => {
  const leave = `test("leaves", () => { console.log("pid", Bun.spawn(["sleep", "77"], { detached: true }).pid); expect(1).toBe(1); });`;
  const run = await runOn({ "src/a.test.ts": leave });
  const pid = /left the process (\d+): sleep 77/.exec(run.output)?.[1];
  expect(pid).toBeDefined();
  await waitForProcessEnd(Number(pid));
  expect(run.lastLine).toBe("1 passed, 1 failed, 0 skipped");
});

test.concurrent("a left process is found by its directory when its environment is gone", async () => {
  const leave = `test("leaves", () => { Bun.spawn(["sleep", "78"], { detached: true, env: {}, cwd: process.env.TMPDIR }); });`;
  const run = await runOn({ "src/a.test.ts": leave });
  expect(run.output).toMatch(/left the process \d+: sleep 78/);
  expect(run.code).toBe(1);
});

test.concurrent("a left file fails the file", async () => {
  const leave = `test("leaves", async () => { await Bun.write(process.env.TMPDIR + "/litter", "x"); });`;
  const run = await runOn({ "src/a.test.ts": leave });
  expect(run.output).toContain("left the file litter in TMPDIR");
  expect(run.lastLine).toBe("1 passed, 1 failed, 0 skipped");
});

test.concurrent("a crash and a broken import count as failed", async () => {
  const run = await runOn({
    "src/a.test.ts": `test("crashes", () => process.exit(7));`,
    "src/b.test.ts": `import "./missing.ts";`,
    "src/c.test.ts": `test("dies", () => process.kill(process.pid, "SIGKILL"));`,
  });
  expect(run.output).toContain("src/a.test.ts: ended with code 7");
  expect(run.output).toContain("ended by SIGKILL");
  expect(run.lastLine).toMatch(/^0 passed, 3 failed/);
});

test.concurrent("a process.exit(0) inside a test does not pass for success", async () => {
  const run = await runOn({ "src/a.test.ts": `test("leaves early", () => process.exit(0)); ${PASSES}` });
  expect(run.output).toContain("src/a.test.ts: no test was reported");
  expect(run.code).toBe(1);
});

test.concurrent("an interrupted run ends what it started, clears up, and fails", async () => {
  using tree = temporaryDirectory("runner");
  using scratch = temporaryDirectory("runner-tmp");
  mkdirSync(tree.file("src"));
  const started = tree.file("started");
  const source = `import { test } from "bun:test"; test("hangs", async () => {
    const child = Bun.spawn(["sleep", "79"], { detached: true });
    await Bun.write(${JSON.stringify(started)}, String(child.pid));
    await child.exited;
  });`;
  writeFileSync(tree.file("src/a.test.ts"), source);
  writeFileSync(tree.file("src/b.test.ts"), source.replace("started", "other"));
  const env = { ...process.env, TMPDIR: scratch.path };
  const child = Bun.spawn([process.execPath, RUNNER, "--root", tree.path], { stdout: "pipe", env });
  await waitForFile(started);
  child.kill("SIGTERM");
  const output = await child.stdout.text();
  expect(output).toContain("src/a.test.ts: was interrupted");
  expect(await child.exited).toBe(1);
  expect(readdirSync(scratch.path)).toEqual([]);
  await waitForProcessEnd(Number(readFileSync(started, "utf8")));
});

test.concurrent("finding no test file is a failure", async () => {
  const run = await runOn({ "src/a.test.ts": PASSES }, "nothing-like-it");
  expect(run.lastLine).toBe("0 passed, 1 failed, 0 skipped");
  expect(run.code).toBe(1);
});

test("reads names with signs that XML escapes", () => {
  const xml = `<testcase name="a &lt; b &amp;&amp; &quot;c&quot;, skipped: no &apos;d&apos;" classname="g" time="0"><skipped /></testcase>`;
  expect(readTestCases(xml)).toEqual([{ name: 'g > a < b && "c"', outcome: "skipped", skipReason: "no 'd'" }]);
});
