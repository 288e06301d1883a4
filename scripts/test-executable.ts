/**
 * Runs the end-to-end and chaos tests with the executable: as many as can be alone with it in a tree that has only libc,
 * `sh` and coreutils, the others on this host. `bun scripts/test-executable.ts`; ends with `N passed, N failed, N skipped`.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bareTreeObstacle, makeBareTree } from "../test/support/bare-tree.ts";
import { PROGRAM_VARIABLE } from "../test/support/program.ts";
import { type Totals, totalsLine } from "./testing/report.ts";

const ROOT = join(import.meta.dir, "..");

/** Their services need nothing but `sh` and coreutils. */
const IN_THE_BARE_TREE = [
  "adoption",
  "bad-requests",
  "command-line",
  "configuration",
  "dependencies",
  "detach",
  "journal",
  "logs",
  "out-of-memory",
  "ownership",
  "removed-files",
  "restarts",
  "signals",
].map((name) => `test/e2e/${name}.test.ts`);

/** Their services use more of the host: `setsid`, other users, util-linux, small disks. */
const ON_THE_HOST = [
  ...[
    "coded-errors",
    "container",
    "full-disk",
    "program",
    "reload",
    "shims",
    "start-errors",
    "stopping",
    "unruly-programs",
  ].map((name) => `test/e2e/${name}.test.ts`),
  "test/chaos/chaos.test.ts",
];

/**
 * The executable as one word, in a mount namespace in which it sees the tree, the kernel's file systems and the tests'
 * temporary directory, all under the same names. The process stays the same one, so its pid is the daemon's.
 */
function wrapperScript(tree: string, temporary: string): string {
  return `#!/bin/sh
exec unshare --mount sh -c '
  for place in /proc /dev /sys ${temporary}; do
    mkdir -p "$1$place"
    mount --rbind "$place" "$1$place" || exit 126
  done
  exec chroot "$@"' enter ${tree} /bin/sh -c 'cd "$0" && exec /usr/bin/muster "$@"' "$PWD" "$@"
`;
}

const SKIPPED: Totals = { passed: 0, failed: 0, skipped: 1 };

/** Runs the tests with this program in Muster's place; prints what they print. */
async function runTests(program: string, files: readonly string[]): Promise<Totals> {
  const tests = Bun.spawn([process.execPath, "scripts/test.ts", ...files], {
    cwd: ROOT,
    env: { ...process.env, [PROGRAM_VARIABLE]: program },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = await tests.stdout.text();
  await Bun.write(Bun.stdout, output);
  const last = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(output.trimEnd().split("\n").at(-1) ?? "");
  const [passed = 0, failed = 0, skipped = 0] = last?.slice(1).map(Number) ?? [];
  const isCounted = last !== null && (failed > 0 || (await tests.exited) === 0);
  return { passed, failed: isCounted ? failed : failed + 1, skipped };
}

function buildInto(directory: string): string {
  const executable = join(directory, "muster");
  const build = Bun.spawnSync([process.execPath, "scripts/build.ts", "--outfile", executable], { cwd: ROOT });
  if (build.exitCode !== 0) throw new Error(`cannot build the executable: ${build.stderr}`);
  return executable;
}

function putIntoTree(directory: string, executable: string): string {
  const tree = join(directory, "tree");
  makeBareTree(tree, executable);
  const wrapper = join(directory, "muster-in-tree");
  writeFileSync(wrapper, wrapperScript(tree, tmpdir()));
  chmodSync(wrapper, 0o755);
  return wrapper;
}

function add(a: Totals, b: Totals): Totals {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

async function main(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "muster-executable-"));
  // Some tests run it as another user.
  chmodSync(directory, 0o755);
  try {
    const executable = buildInto(directory);
    const onHost = await runTests(executable, ON_THE_HOST);
    const obstacle =
      process.getuid?.() === 0 ? bareTreeObstacle() : "only root may give a tree the kernel's file systems";
    if (obstacle !== null) console.log(`skipped: the executable in a bare tree: ${obstacle}`);
    const alone = obstacle === null ? await runTests(putIntoTree(directory, executable), IN_THE_BARE_TREE) : SKIPPED;
    const sum = add(onHost, alone);
    console.log(totalsLine(sum));
    return sum.failed === 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

process.exitCode = await main();
