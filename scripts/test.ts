/**
 * Runs the tests: `bun scripts/test.ts [--system] [--root <directory>] [part of a path …]`.
 * Three files at a time, each in a process with its own TMPDIR. Ends with `N passed, N failed, N skipped`.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { GROUPS, groupOf, testFiles } from "./testing/groups.ts";
import { failedLines, fileLines, skippedLines, totals, totalsLine } from "./testing/report.ts";
import { type FileReport, runFile } from "./testing/run-file.ts";

const PROCESSES = 3;

/** @param signal ends the files that run, looks at what they leave, and begins no other */
async function runAll(root: string, files: readonly string[], signal: AbortSignal): Promise<FileReport[]> {
  const scratch = mkdtempSync(join(tmpdir(), "muster-test-"));
  // Programs that tests run as another user find their files in it.
  chmodSync(scratch, 0o711);
  const runId = `${process.pid}-${Date.now().toString(36)}`;
  const reports: FileReport[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < files.length && !signal.aborted; index = next++) {
      const file = files[index] ?? "";
      const own = join(scratch, String(index));
      mkdirSync(own);
      const limitMs = groupOf(file).limitMs;
      const report = await runFile({ root, file, scratch: own, marker: `${runId}-${index}`, limitMs, signal });
      rmSync(own, { recursive: true, force: true });
      console.log(fileLines(report));
      reports.push(report);
    }
  };
  await Promise.all(Array.from({ length: PROCESSES }, work));
  rmSync(scratch, { recursive: true, force: true });
  return reports;
}

function printSummary(reports: readonly FileReport[], durationMs: number): void {
  console.log("");
  for (const line of [...failedLines(reports), ...skippedLines(reports)]) console.log(line);
  for (const group of GROUPS) {
    const members = reports.filter((report) => groupOf(report.file) === group);
    if (members.length > 0) console.log(`${group.name}: ${totalsLine(totals(members))} in ${members.length} files`);
  }
  console.log(`took ${(durationMs / 1_000).toFixed(1)} s`);
  console.log(totalsLine(totals(reports)));
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { system: { type: "boolean", default: false }, root: { type: "string" } },
  });
  const root = resolve(values.root ?? join(import.meta.dir, ".."));
  const files = testFiles(root, values.system, positionals);
  if (files.length === 0) {
    console.log(`cannot test: no test file under ${root} fits; give a part of its path`);
    console.log(totalsLine({ passed: 0, failed: 1, skipped: 0 }));
    return 1;
  }
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => interruption.abort());
  const beginMs = performance.now();
  const reports = await runAll(root, files, interruption.signal);
  printSummary(reports, performance.now() - beginMs);
  return totals(reports).failed === 0 ? 0 : 1;
}

process.exitCode = await main();
