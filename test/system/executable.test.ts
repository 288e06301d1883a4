/** The executable that `npm run build` makes, alone in a tree that has only libc, `sh` and coreutils. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { join } from "node:path";
import packageDescription from "../../package.json" with { type: "json" };
import { bareTreeObstacle, inBareTree, makeBareTree } from "../support/bare-tree.ts";
import { skipWhen } from "../support/skip-when.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const ROOT = join(import.meta.dir, "../..");
const BUILD_LIMIT_MS = 60_000;

const obstacle = bareTreeObstacle();
const bareTest = skipWhen(obstacle);

describe("the executable in a bare tree", () => {
  let directory: TemporaryDirectory;
  let tree = "";

  beforeAll(() => {
    directory = temporaryDirectory("executable");
    tree = directory.file("tree");
    if (obstacle !== null) return;
    const executable = directory.file("muster");
    const build = Bun.spawnSync([process.execPath, "scripts/build.ts", "--outfile", executable], { cwd: ROOT });
    if (build.exitCode !== 0) throw new Error(`cannot build: ${build.stderr}`);
    makeBareTree(tree, executable);
  }, BUILD_LIMIT_MS);

  afterAll(() => directory[Symbol.dispose]());

  /** Runs a shell script in the tree. */
  async function run(script: string): Promise<{ code: number; out: string; err: string }> {
    const child = Bun.spawn(inBareTree(tree, ["/bin/sh", "-c", `cd /here; ${script}`]), {
      env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
    return { code, out, err };
  }

  bareTest("tells the version of the package", async () => {
    expect(await run("muster --version")).toEqual({ code: 0, out: `muster ${packageDescription.version}\n`, err: "" });
  });

  bareTest("is alone there", async () => {
    expect((await run("ls /usr/bin /here; [ -e /bin/bun ] || echo none")).out).toBe(
      "/here:\n\n/usr/bin:\nmuster\nnone\n",
    );
  });

  bareTest("says that no daemon answers, with code 4", async () => {
    const { code, err } = await run("muster --state-dir /here/state status");
    expect(err).toContain("/here/state/run/muster.sock");
    expect(code).toBe(4);
  });

  bareTest("writes a first configuration and finds nothing wrong with it", async () => {
    expect((await run("muster init && cat muster.toml")).out).toContain("[services.clock]");
  });

  bareTest("does not read an .env file that lies about", async () => {
    const { err } = await run("printf 'MUSTER_STATE_DIR=/here/other\\n' > .env; muster status; rm .env");
    expect(err).toContain("nobody answers on /run/muster/muster.sock");
  });
});
