/** A state directory that cannot be written: at the start it is said, later on supervision goes on without it. */
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProc } from "../support/processes.ts";
import { Product } from "../support/product.ts";
import { EAGER, STEADY, script } from "../support/services.ts";
import { skipWhen } from "../support/skip-when.ts";
import { tinyDisk, whyNoMount } from "../support/tiny-disk.ts";
import { waitFor } from "../support/wait-for.ts";

const NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];
const noMount = whyNoMount();
const noOtherUser = process.getuid?.() === 0 ? whyNoOtherUser() : "only root can become another user";

function whyNoOtherUser(): string | null {
  const tried = Bun.spawnSync([...NOBODY, process.execPath, "--version"]);
  return tried.success ? null : "another user may not run the runtime of this tree";
}

/** Takes what room is left, but for some kB. */
function fill(directory: string, leftKb = 0): void {
  const path = join(directory, "ballast");
  Bun.spawnSync(["sh", "-c", 'cat /dev/zero > "$0" 2>/dev/null', path]);
  if (leftKb > 0) Bun.spawnSync(["truncate", "-s", `-${leftKb}K`, path]);
}

function makeRoom(directory: string): void {
  rmSync(join(directory, "ballast"));
}

describe("a state directory that cannot be used", () => {
  skipWhen(noOtherUser)("because it is another user's: code 1, the directory and the way out", async () => {
    await using product = new Product("disk", { web: STEADY });
    mkdirSync(product.stateDirectory, { mode: 0o700 });
    chmodSync(product.directory, 0o755);
    const { code, stderr } = await product.cli(["up"], { wrapper: NOBODY, directory: "/" });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^muster: cannot use the directory .*: this user may not write there; /),
    ]);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  skipWhen(noMount)("because its file system is read-only", async () => {
    await using product = new Product("disk", { web: STEADY });
    using disk = tinyDisk(product.stateDirectory, "1m");
    disk.remount("ro");
    const { code, stderr } = await product.cli(["up"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^muster: cannot use the directory .*: the file system is read-only; /),
    ]);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  skipWhen(noMount)("because there is no room at all", async () => {
    await using product = new Product("disk", { web: STEADY });
    using _disk = tinyDisk(product.stateDirectory, "200k");
    fill(product.stateDirectory);
    const { code, stderr } = await product.cli(["up"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^muster: cannot use the directory .*: there is no room on the disk; /),
    ]);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("because a part of its path is a file", async () => {
    await using product = new Product("disk", { web: STEADY });
    writeFileSync(product.stateDirectory, "");
    const { code, stderr } = await product.cli(["up"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("a part of the path is not a directory")]);
  });
});

describe("a disk with hardly any room", () => {
  skipWhen(noMount)("is no reason not to supervise", async () => {
    await using product = new Product("disk", { web: { ...STEADY, ...EAGER } });
    using _disk = tinyDisk(product.stateDirectory, "200k");
    fill(product.stateDirectory, 40);
    await product.up();
    const { pid, generation } = await product.untilReady("web");
    process.kill(pid ?? 0, "SIGKILL");
    await product.until("the next one", (report) => (report.services[0]?.instances[0]?.generation ?? 0) > generation);
    expect((await product.order({ order: "stop", targets: ["web"] })).ok).toBe(true);
    expect((await product.cli(["status"])).code).toBe(0);
    expect(product.daemon?.stderr()).toBe("");
  });
});

describe("a disk that becomes full while the daemon runs", () => {
  skipWhen(noMount)("stops no supervision; events wait, and are written when there is room", async () => {
    await using product = new Product("disk", { web: { ...STEADY, ...EAGER } });
    using _disk = tinyDisk(product.stateDirectory, "4m");
    await product.up();
    const first = await product.untilReady("web");
    fill(product.stateDirectory);
    for (let turn = 1; turn <= 3; turn++) {
      process.kill((await product.untilReady("web")).pid ?? 0, "SIGKILL");
      await product.until("the next one", (report) => {
        const one = report.services[0]?.instances[0];
        return one?.ready === true && one.generation === first.generation + turn;
      });
    }
    expect((await product.order({ order: "stop", targets: ["web"] })).ok).toBe(true);
    const applied = await product.cli(["apply"]);
    expect([applied.code, applied.stderr]).toEqual([0, ""]);
    makeRoom(product.stateDirectory);
    await product.event("muster", "journal.resumed");
    await product.replaceDaemon();
    const exits = await product.events("web", "instance.exited");
    expect(exits.length).toBe(4);
  });

  skipWhen(noMount)(
    "on_full = drop: the program goes on, the loss is counted in bytes, and writing is resumed",
    async () => {
      await using product = new Product("disk", {});
      const gate = product.gate("gate");
      product.configure({
        web: script(
          `echo begun; read line < ${gate.path}; head -c 3000000 /dev/zero | tr "\\\\0" x; echo; echo all written > ${product.file("done")}; i=0; while :; do i=$((i+1)); echo after $i; sleep 0.05; done`,
          { log: { size: "0B" } },
        ),
      });
      using _disk = tinyDisk(product.stateDirectory, "4m");
      await product.up();
      await product.wrote("web", /^begun$/m);
      fill(product.stateDirectory);
      gate.open();
      await waitFor("the program to have written all", () => product.read("done") !== "");
      await product.event("web", "log.lost");
      makeRoom(product.stateDirectory);
      const beginMs = performance.now();
      await product.event("web", "log.resumed");
      await product.event("web", "log.lost", ({ data }) => Number(data.outBytes) > 2_000_000);
      await waitFor("lines again", () => /after \d+\n$/.test(product.output("web")));
      expect(performance.now() - beginMs).toBeLessThan(5_000);
      const told = await waitFor("the gap to be counted", async () => {
        const lines = [];
        const query = {
          targets: ["web"],
          lines: null,
          follow: false,
          since: null,
          sinceStart: false,
          grep: null,
          stream: null,
        };
        for await (const batch of product.client.logs(query)) lines.push(...batch);
        return lines.reduce((sum, line) => sum + (line.lostBytes ?? 0), 0);
      });
      const text = product.output("web");
      const last = Number(/after (\d+)\n$/.exec(text)?.[1]);
      expect(last).toBeGreaterThan(0);
      const written =
        "begun\n".length +
        3_000_001 +
        Array.from({ length: last }, (_, index) => `after ${index + 1}\n`).join("").length;
      expect(text.length + told).toBe(written);
    },
  );

  skipWhen(noMount)("on_full = wait: the program waits in its write, and nothing is lost", async () => {
    await using product = new Product("disk", {});
    const gate = product.gate("gate");
    product.configure({
      web: script(
        `echo begun; read line < ${gate.path}; i=0; while [ $i -lt 300000 ]; do i=$((i+1)); echo $i; done; echo written > ${product.file("done")}; exec sleep 1000`,
        { log: { size: "0B", on_full: "wait" } },
      ),
    });
    using _disk = tinyDisk(product.stateDirectory, "3m");
    await product.up();
    await product.wrote("web", /^begun$/m);
    fill(product.stateDirectory, 200);
    gate.open();
    const { pid } = await product.untilReady("web");
    await waitFor("the program to wait", () => waitsInWrite(pid ?? 0));
    expect(product.read("done")).toBe("");
    makeRoom(product.stateDirectory);
    await waitFor("the rest", () => product.read("done") !== "");
    const lines = await waitFor("the last line", () => {
      const text = product.output("web");
      return text.endsWith("\n300000\n") ? text.trimEnd().split("\n") : undefined;
    });
    expect(lines.length).toBe(300_001);
    expect(lines.slice(1).every((line, index) => line === String(index + 1))).toBe(true);
    expect(await product.events("web", "log.lost")).toEqual([]);
  });
});

/** It sleeps in the kernel because the pipe is full. */
function waitsInWrite(pid: number): boolean {
  return /pipe_write/.test(readProc(pid, "wchan"));
}
