import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readTestCases, type TestCase } from "./junit.ts";
import { clearProcesses, MARKER } from "./leftovers.ts";

const LEFTOVER_GRACE_MS = 1_000;
const MOST_OUTPUT_BYTES = 200_000;

export interface FileReport {
  readonly file: string;
  readonly cases: readonly TestCase[];
  /** what is wrong with the file beside its failed cases: crashes, leftovers, skips without a reason */
  readonly faults: readonly string[];
  readonly output: string;
  readonly durationMs: number;
}

export interface FileRun {
  /** where the tests run; `file` is relative to it */
  readonly root: string;
  readonly file: string;
  /** an empty directory of the runner's own */
  readonly scratch: string;
  readonly marker: string;
  /** a file that takes longer is ended and counts as failed */
  readonly limitMs: number;
  /** ends the file */
  readonly signal: AbortSignal;
}

/** Runs one test file in a process of its own, then looks at what it left. */
export async function runFile(run: FileRun): Promise<FileReport> {
  const directory = join(run.scratch, "tmp");
  mkdirSync(directory);
  const beginMs = performance.now();
  const faults = await runProcess(run, directory);
  const durationMs = performance.now() - beginMs;
  const junitPath = join(run.scratch, "junit.xml");
  const cases = existsSync(junitPath) ? readTestCases(readFileSync(junitPath, "utf8")) : [];
  if (cases.some((one) => one.outcome === "failed")) faults.length = 0;
  else if (cases.length === 0 && faults.length === 0) faults.push("no test was reported");
  for (const one of cases) {
    if (one.outcome === "skipped" && one.skipReason === null) faults.push(`"${one.name}" is skipped without a reason`);
  }
  for (const left of await clearProcesses({ marker: run.marker, directory }, LEFTOVER_GRACE_MS)) {
    faults.push(`left the process ${left.pid}: ${left.command}`);
  }
  for (const name of readdirSync(directory)) faults.push(`left the file ${name} in TMPDIR`);
  return { file: run.file, cases, faults, output: readOutput(join(run.scratch, "output")), durationMs };
}

/** Output goes to a file, not to a pipe: a process that a test left would hold the pipe open and the runner with it. */
async function runProcess(run: FileRun, directory: string): Promise<string[]> {
  const output = Bun.file(join(run.scratch, "output"));
  const arguments_ = ["--only-failures", "--reporter=junit", `--reporter-outfile=${join(run.scratch, "junit.xml")}`];
  const child = Bun.spawn([process.execPath, "test", ...arguments_, `./${run.file}`], {
    cwd: run.root,
    // With CI a missing snapshot fails instead of being written, and `.only` is refused.
    env: { ...process.env, CI: "1", TMPDIR: directory, [MARKER]: run.marker },
    stdin: "ignore",
    stdout: output,
    stderr: output,
  });
  const late = AbortSignal.timeout(run.limitMs);
  const end = () => child.kill("SIGKILL");
  for (const signal of [late, run.signal]) signal.addEventListener("abort", end);
  await child.exited;
  for (const signal of [late, run.signal]) signal.removeEventListener("abort", end);
  if (run.signal.aborted) return ["was interrupted"];
  if (late.aborted) return [`did not end within ${run.limitMs / 1_000} s and was killed`];
  if (child.signalCode !== null) return [`ended by ${child.signalCode}`];
  return child.exitCode === 0 ? [] : [`ended with code ${child.exitCode}`];
}

function readOutput(path: string): string {
  const text = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  return text.length <= MOST_OUTPUT_BYTES ? text : `(the beginning was cut)\n${text.slice(-MOST_OUTPUT_BYTES)}`;
}
