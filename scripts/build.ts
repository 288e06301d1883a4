/**
 * Makes the one executable, and beside it the client for other programs:
 * `bun scripts/build.ts [--target x64|arm64] [--outfile dist/muster]`.
 *
 * The other platform's runtime is fetched from the package registry the first time it is built for, then it is cached;
 * the own platform needs no network.
 */
import { mkdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import packageDescription from "../package.json" with { type: "json" };
import { buildClient } from "./build-client.ts";

const ROOT = join(import.meta.dir, "..");
const TARGETS = { x64: "bun-linux-x64-baseline", arm64: "bun-linux-arm64" } as const;
type TargetName = keyof typeof TARGETS;
const STARTS_MEASURED = 21;

/**
 * Every file named `<something>-worker.ts` is an entry point of its own. `new URL("./x-worker.ts", import.meta.url)` is
 * looked up beside the program's root in the executable, so their names must differ.
 */
function workerEntryPoints(): string[] {
  const paths = [...new Bun.Glob("src/**/*-worker.ts").scanSync({ cwd: ROOT, absolute: true })].sort();
  const names = paths.map((path) => basename(path));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`cannot build: two workers are named ${twice}; rename one of them`);
  return paths;
}

async function build(target: TargetName | null, outfile: string): Promise<void> {
  mkdirSync(dirname(outfile), { recursive: true });
  const workers = workerEntryPoints();
  await Bun.build({
    entrypoints: [join(ROOT, "src/main.ts"), ...workers],
    naming: { entry: "[name].ts" },
    target: "bun",
    format: "esm",
    splitting: true,
    minify: true,
    bytecode: true,
    sourcemap: "none",
    define: { "process.env.MUSTER_VERSION": JSON.stringify(packageDescription.version) },
    compile: {
      outfile,
      ...(target === null ? {} : { target: TARGETS[target] }),
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  const sizeMb = (statSync(outfile).size / 1e6).toFixed(1);
  console.log(
    `${relative(process.cwd(), outfile)}: ${sizeMb} MB, workers: ${workers.map((path) => basename(path)).join(", ") || "none"}`,
  );
}

/** Median of the time from the call to the end of `muster --version`, ms. */
async function measureStart(executable: string): Promise<number> {
  const durationsMs: number[] = [];
  for (let index = 0; index < STARTS_MEASURED; index++) {
    const beginMs = performance.now();
    const child = Bun.spawn([executable, "--version"], {
      cwd: "/",
      stdin: "ignore",
      stdout: "ignore",
      stderr: "inherit",
    });
    if ((await child.exited) !== 0)
      throw new Error(`cannot measure: ${executable} --version ended with ${child.exitCode}`);
    durationsMs.push(performance.now() - beginMs);
  }
  return durationsMs.sort((a, b) => a - b)[Math.floor(STARTS_MEASURED / 2)] ?? Number.NaN;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { target: { type: "string" }, outfile: { type: "string" } } });
  const { target = null } = values;
  if (target !== null && !(target in TARGETS)) {
    throw new Error(`cannot build for "${target}": it is not known; write --target x64 or --target arm64`);
  }
  const outfile = resolve(values.outfile ?? join(ROOT, target === null ? "dist/muster" : `dist/muster-${target}`));
  await build(target as TargetName | null, outfile);
  if (target === null) await buildClient(dirname(outfile));
  if (target === null || target === process.arch) {
    console.log(`starts in ${(await measureStart(outfile)).toFixed(1)} ms (median of ${STARTS_MEASURED} "--version")`);
  }
}

await main();
