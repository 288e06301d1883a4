import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");

/**
 * Makes what the package exports as `./client`: `client.js`, one module without dependencies that runs under Node too,
 * and its types in `types/`.
 */
export async function buildClient(directory: string): Promise<void> {
  await Bun.build({
    entrypoints: [join(ROOT, "src/client/client.ts")],
    outdir: directory,
    target: "node",
    format: "esm",
    minify: { syntax: true },
  });
  const project = join(ROOT, "scripts/tsconfig.client.json");
  const types = runCompiler(["-p", project, "--outDir", join(directory, "types")]);
  if (types.code !== 0) throw new Error(`cannot make the types of the client: ${types.output}`);
}

/** Runs the TypeScript compiler, without the cache that it would leave in TMPDIR. */
export function runCompiler(words: readonly string[]): { readonly code: number; readonly output: string } {
  const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: "1" };
  const run = Bun.spawnSync([process.execPath, join(ROOT, "node_modules/typescript/bin/tsc"), ...words], { env });
  return { code: run.exitCode, output: run.stdout.toString() };
}
