import type { FileReport } from "./run-file.ts";

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A fault of a file (a crash, a leftover) counts as one failed test. */
export function totals(reports: readonly FileReport[]): Totals {
  const cases = reports.flatMap((report) => report.cases);
  const count = (outcome: string) => cases.filter((one) => one.outcome === outcome).length;
  const faults = reports.reduce((sum, report) => sum + report.faults.length, 0);
  return { passed: count("passed"), failed: count("failed") + faults, skipped: count("skipped") };
}

export function totalsLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** One line for a file that passed; for one that failed also its output and what else is wrong. */
export function fileLines(report: FileReport): string {
  const sums = totals([report]);
  const word = sums.failed > 0 ? "FAILED" : "ok    ";
  const head = `${word} ${report.file}  ${totalsLine(sums)}  ${(report.durationMs / 1_000).toFixed(1)} s`;
  if (sums.failed === 0) return head;
  return [head, ...indent(report.output.split("\n")), ...indent(report.faults.map((fault) => `fault: ${fault}`))].join(
    "\n",
  );
}

function indent(lines: readonly string[]): string[] {
  return lines.filter((line) => line !== "").map((line) => `  ${line}`);
}

/** What was skipped and why, a line each. */
export function skippedLines(reports: readonly FileReport[]): string[] {
  return reports.flatMap((report) =>
    report.cases
      .filter((one) => one.outcome === "skipped")
      .map((one) => `skipped: ${report.file}: ${one.name}: ${one.skipReason ?? "no reason given"}`),
  );
}

/** What failed, a line each, so that the end of a long output names it all once more. */
export function failedLines(reports: readonly FileReport[]): string[] {
  return reports.flatMap((report) => [
    ...report.cases.filter((one) => one.outcome === "failed").map((one) => `failed: ${report.file}: ${one.name}`),
    ...report.faults.map((fault) => `failed: ${report.file}: ${fault}`),
  ]);
}
