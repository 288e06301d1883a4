import { test } from "bun:test";

type Body = () => void | Promise<void>;

/**
 * `test`, or the skipping of it when there is a reason: `skipWhen(hasCompiler ? null : "no musl-gcc")("rebuilds", …)`.
 * The reason becomes part of the name after ", skipped: ", where the runner finds it and prints it. A skipped test
 * without a reason fails the run.
 */
export function skipWhen(reason: string | null): (name: string, body: Body) => void {
  if (reason === null) return (name, body) => test(name, body);
  return (name, body) => test.skip(`${name}, skipped: ${reason}`, body);
}
