import { describe, expect, test } from "bun:test";
import { LIMIT_NAMES } from "../model/service.ts";
import { LIMIT_NUMBERS, numberedLimits, usualOpenFiles } from "./resource-limits.ts";

/** The order in which the kernel lists them is that of their numbers only up to 4; these are its names. */
const KERNEL_NAMES: Readonly<Record<string, string>> = {
  "Max cpu time": "cpu",
  "Max file size": "file_size",
  "Max data size": "data",
  "Max stack size": "stack",
  "Max core file size": "core",
  "Max resident set": "resident_set",
  "Max processes": "processes",
  "Max open files": "open_files",
  "Max locked memory": "locked_memory",
  "Max address space": "address_space",
  "Max file locks": "locks",
  "Max pending signals": "pending_signals",
  "Max msgqueue size": "message_queues",
  "Max nice priority": "nice",
  "Max realtime priority": "realtime_priority",
  "Max realtime timeout": "realtime_time",
};

describe("resource limits", () => {
  test("have the numbers of the kernel, which lists them in that order", async () => {
    const listed = (await Bun.file("/proc/self/limits").text())
      .split("\n")
      .slice(1)
      .flatMap((line) => KERNEL_NAMES[line.slice(0, 26).trim()] ?? []);
    expect(listed.length).toBe(LIMIT_NAMES.length);
    expect(LIMIT_NAMES.toSorted((a, b) => LIMIT_NUMBERS[a] - LIMIT_NUMBERS[b])).toEqual(
      listed as (typeof LIMIT_NAMES)[number][],
    );
    expect(new Set(Object.values(LIMIT_NUMBERS)).size).toBe(16);
  });

  test("are given by number, unlimited as null", () => {
    expect(numberedLimits({ open_files: { soft: 10, hard: null }, core: { soft: 0, hard: 0 } })).toEqual([
      { number: 4, soft: 0, hard: 0 },
      { number: 7, soft: 10, hard: null },
    ]);
    expect(numberedLimits({})).toEqual([]);
  });
});

describe("the usual limit of open files", () => {
  const table = (soft: string, hard: string): string =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}     ${hard}     files\n`;

  test.each([
    ["the hard limit stays", table("524288", "524288"), { soft: 1024, hard: 524_288 }],
    ["a lower hard limit holds for both", table("256", "256"), { soft: 256, hard: 256 }],
    ["what is unlimited stays so", table("1024", "unlimited"), { soft: 1024, hard: null }],
  ])("%s", (_, limits, expected) => {
    expect(usualOpenFiles(limits)).toEqual(expected);
  });
});
