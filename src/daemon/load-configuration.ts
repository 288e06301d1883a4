import type { CodedError } from "../base/coded-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { LoadedConfiguration } from "../model/config/load.ts";
import { unpackConfiguration } from "../model/config/transfer.ts";
import { codedError } from "../model/errors/catalogue.ts";

export interface Loaded {
  readonly loaded: LoadedConfiguration;
  /** as it came from the loader, to be kept */
  readonly packed: string;
}

/** Runs this very program with the words that make it a loader. */
export type LoaderCommand = readonly string[];

/** It ends before optimised code would pay: without, a file of 500 services takes 65 ms instead of 110. */
const LOADER_OPTIONS = { BUN_JSC_useDFGJIT: "0" };

/** A configuration that takes longer than this is not read. */
const LOAD_LIMIT_MS = 30_000;

/**
 * Loads a configuration in a process of its own: neither the memory of the schema nor the time that a large file takes
 * is the daemon's.
 * @param words what to load: `["file", path]`, or `["command", directory, ...command]`
 */
export async function loadInProcess(
  command: LoaderCommand,
  words: readonly string[],
): Promise<Result<Loaded, CodedError>> {
  const child = Bun.spawn([...command, ...words], {
    env: { ...process.env, ...LOADER_OPTIONS },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: LOAD_LIMIT_MS,
  });
  const [packed, complaints, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) {
    const reason =
      child.signalCode === null ? complaints.trim().split("\n").at(-1) : `the loader was ended by ${child.signalCode}`;
    return err(
      codedError("config-unreadable", { path: words[1] ?? "", reason: reason || `the loader ended with code ${code}` }),
    );
  }
  const unpacked = unpackConfiguration(packed);
  return unpacked.ok ? ok({ loaded: unpacked.value, packed }) : unpacked;
}
