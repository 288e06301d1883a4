import { describe, expect, test } from "bun:test";
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { holdings } from "./leak-check.ts";
import { directoryForEachTest, temporaryDirectory } from "./temporary-directory.ts";
import { waitFor, waitForProcessEnd } from "./wait-for.ts";

/** Runs `source` as a test file of its own and gives what the runner said of it. */
async function runTestFile(directory: string, source: string): Promise<{ code: number; output: string }> {
  const path = join(directory, "inner.test.ts");
  writeFileSync(
    path,
    `import { test } from "bun:test";\nimport { failOnLeaks } from ${JSON.stringify(join(import.meta.dir, "leak-check.ts"))};\nfailOnLeaks();\n${source}`,
  );
  const child = Bun.spawn([process.execPath, "test", path], { stdout: "pipe", stderr: "pipe", cwd: directory });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, output: out + err };
}

describe("failOnLeaks", () => {
  const leaks = {
    timeout: ["setTimeout(() => {}, 60_000);", "timeout of 60000 ms"],
    interval: ["setInterval(() => {}, 60_000);", "interval of 60000 ms"],
    "open file": ['require("node:fs").openSync("inner.test.ts");', "inner.test.ts"],
    server: ['Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });', "socket:"],
    child: ['Bun.spawn(["sleep", "60"], { stdio: ["ignore", "ignore", "ignore"] });', "child process"],
    worker: ['new Worker("data:text/javascript,self.onmessage = () => {}");', "worker"],
  } as const;

  for (const [name, [source, said]] of Object.entries(leaks)) {
    test.concurrent(`names a left ${name}`, async () => {
      using directory = temporaryDirectory("leak-check");
      const { code, output } = await runTestFile(directory.path, `test("leaks", () => { ${source} });`);
      const leftPid = /child process (\d+)/.exec(output)?.[1];
      if (leftPid !== undefined) process.kill(Number(leftPid));
      expect(output).toContain(said);
      expect(code).toBe(1);
    });
  }

  test.concurrent("passes a suite that clears up", async () => {
    using directory = temporaryDirectory("leak-check");
    const source = `test("clears up", async () => {
      clearTimeout(setTimeout(() => {}, 60_000));
      const endsSoon = setTimeout(() => {}, 60_000);
      void Bun.sleep(30).then(() => clearTimeout(endsSoon));
      const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("x") });
      await (await fetch(server.url)).text();
      await server.stop(true);
      await Bun.spawn(["true"], { stdout: "pipe" }).exited;
      const worker = new Worker("data:text/javascript,self.onmessage = () => {}");
      await new Promise((done) => { worker.addEventListener("close", done); worker.addEventListener("open", () => worker.terminate()); });
    });`;
    const { code, output } = await runTestFile(directory.path, source);
    expect(output).toContain("1 pass");
    expect(code).toBe(0);
  });

  test("sees a descriptor come and go", () => {
    const before = holdings();
    const descriptor = openSync(import.meta.path, "r");
    expect(holdings()).toContain(`file ${import.meta.path}`);
    closeSync(descriptor);
    expect(holdings()).toEqual([...before]);
  });
});

describe("temporaryDirectory", () => {
  test("goes at the end of the block, also when a part of it cannot be written", () => {
    let path = "";
    {
      using directory = temporaryDirectory("support");
      path = directory.path;
      mkdirSync(directory.file("a", "b"), { recursive: true });
      writeFileSync(directory.file("a", "b", "c"), "");
      chmodSync(directory.file("a", "b"), 0o500);
      chmodSync(directory.file("a"), 0o000);
    }
    expect(path).not.toBe("");
    expect(existsSync(path)).toBe(false);
  });
});

describe("directoryForEachTest", () => {
  const directory = directoryForEachTest("support");
  const seen: string[] = [];
  for (const turn of ["first", "second"]) {
    test(`gives the ${turn} test a directory of its own`, () => {
      expect(existsSync(directory().path)).toBe(true);
      expect(seen.filter((path) => path === directory().path || existsSync(path))).toEqual([]);
      seen.push(directory().path);
    });
  }
});

describe("waitFor", () => {
  test("gives what the condition gave", async () => {
    let asked = 0;
    expect(await waitFor("the third time", () => ++asked === 3 && "there")).toBe("there");
  });

  test("says what it waited for and what it saw last", async () => {
    const waited = waitFor("the moon", () => false, { limitMs: 5, lastSeen: () => "clouds" });
    await expect(waited).rejects.toThrow('waited 5 ms for the moon; last seen: "clouds"');
  });

  test("passes on what the condition throws", async () => {
    const waited = waitFor("nothing", () => {
      throw new Error("broken");
    });
    await expect(waited).rejects.toThrow("broken");
  });

  test("sees a process end", async () => {
    const child = Bun.spawn(["sleep", "60"], { stdio: ["ignore", "ignore", "ignore"] });
    const ended = waitForProcessEnd(child.pid);
    child.kill("SIGKILL");
    await ended;
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
  });
});
