import { describe, expect, test } from "bun:test";
import { beginWithEngineOptions } from "./engine-options.ts";

const path = "/usr/bin/muster";
const words = ["muster", "up"];

function begin(
  environment: Record<string, string | undefined>,
): (readonly [string, readonly string[], readonly string[]])[] {
  const calls: (readonly [string, readonly string[], readonly string[]])[] = [];
  const execve = (file: string, argv: readonly string[], variables: readonly string[]): number => {
    calls.push([file, argv, variables]);
    return -13;
  };
  beginWithEngineOptions({ execve }, { path, words, environment });
  return calls;
}

describe("the beginning of a daemon", () => {
  test("is done again with the engine's options, once, and goes on when that is refused", () => {
    const [call, ...more] = begin({ HOME: "/root", GONE: undefined });
    expect(more).toEqual([]);
    expect(call?.slice(0, 2)).toEqual([path, words]);
    expect(call?.[2][0]).toBe("HOME=/root");
    const options = Object.fromEntries((call?.[2] ?? []).map((variable) => variable.split("=") as [string, string]));
    expect(Object.keys(options).filter((name) => name.startsWith("BUN_JSC_"))).toHaveLength(2);
    expect(begin(options)).toEqual([]);
  });

  test("leaves the operator's own options alone", () => {
    expect(begin({ BUN_JSC_thresholdForOptimizeSoon: "10" })).toEqual([]);
  });
});
