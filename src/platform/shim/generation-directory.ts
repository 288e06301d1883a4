import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ProcessIdentity, parseIdentity } from "../process-identity.ts";
import {
  type ClaimRecord,
  type EmptyRecord,
  type ExitRecord,
  type FailedRecord,
  type LostRecord,
  parseClaim,
  parseEmpty,
  parseExit,
  parseFailed,
  parseLost,
  parseReady,
  type RecordTimes,
} from "./records.ts";
import {
  decodeRecords,
  encodeLogSettings,
  encodeSpec,
  type LogSettings,
  type ProgramSpec,
  type RecordEntry,
} from "./spec-file.ts";

/** All that a generation directory says. Undefined: not there, or not a record. */
export interface GenerationRecords {
  readonly spec: readonly RecordEntry[] | undefined;
  readonly shim: ProcessIdentity | undefined;
  readonly claim: ClaimRecord | undefined;
  readonly failed: FailedRecord | undefined;
  readonly exit: ExitRecord | undefined;
  readonly empty: EmptyRecord | undefined;
  readonly lost: LostRecord | undefined;
  /** when the newline on `readyFd` came */
  readonly ready: RecordTimes | undefined;
  /** the main process, when it is another than that of `claim`: a word of the service named it */
  readonly main: ProcessIdentity | undefined;
}

/**
 * Makes the directory with all that a shim needs, ready for `Launcher.launch`. A directory that is there already is of
 * an earlier start and throws EEXIST: a generation is launched once.
 */
export function prepareGeneration(directory: string, spec: ProgramSpec, log: LogSettings): void {
  const specBytes = encodeSpec(spec);
  const logBytes = encodeLogSettings(log);
  makeGeneration(directory);
  writeFileSync(join(directory, "log"), logBytes, { mode: 0o600 });
  writeFileSync(join(directory, "spec"), specBytes, { mode: 0o600 });
}

/** The directory of the instance is there, but before its first start. */
function makeGeneration(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(join(directory, ".."), { recursive: true, mode: 0o700 });
    mkdirSync(directory, { mode: 0o700 });
  }
}

/** Puts new log settings in place; the shim reads them at its next rotation, or at once on HUP. */
export function replaceLogSettings(directory: string, log: LogSettings): void {
  replaceFile(directory, "log", encodeLogSettings(log));
}

/** Reads every record; about 0.1 ms. A directory that is not there gives a record of nothing. */
export function readGeneration(directory: string): GenerationRecords {
  const names = new Set(namesIn(directory));
  const read = <Content>(name: string, parse: (text: string) => Content | undefined): Content | undefined => {
    const bytes = names.has(name) ? contentOf(join(directory, name)) : undefined;
    return bytes && parse(bytes.toString("utf8"));
  };
  const spec = names.has("spec") ? contentOf(join(directory, "spec")) : undefined;
  return {
    spec: spec && decodeRecords(spec),
    shim: read("shim", parseIdentity),
    claim: read("claim", parseClaim),
    failed: read("failed", parseFailed),
    exit: read("exit", parseExit),
    empty: read("empty", parseEmpty),
    lost: read("lost", parseLost),
    ready: read("ready", parseReady),
    main: read("main", parseIdentity),
  };
}

/** Only the shim's identity: a fifth of the time. */
export function readShim(directory: string): ProcessIdentity | undefined {
  const bytes = contentOf(join(directory, "shim"));
  return bytes && parseIdentity(bytes.toString("utf8"));
}

/**
 * Takes the claim, so that no program can start in this generation any more, unless one has it already.
 * @returns who has the claim now: `void`, or the program that was quicker; undefined when the file holds no record
 */
export function voidClaim(directory: string): ClaimRecord | undefined {
  const own = join(directory, `claim.${process.pid}.void`);
  const claim = join(directory, "claim");
  writeFileSync(own, "void\n", { mode: 0o600 });
  try {
    linkSync(own, claim);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(own, { force: true });
  }
  const bytes = contentOf(claim);
  return bytes && parseClaim(bytes.toString("utf8"));
}

/** Records that nothing of the generation could be found any more. An `empty` that the shim proved stays. */
export function writeEmptySeen(directory: string, times: RecordTimes): void {
  if (contentOf(join(directory, "empty"))) return;
  const content = `seen ${Math.round(times.wallMs)} ${Math.round(times.monotonicMs)}\n`;
  replaceFile(directory, "empty", Buffer.from(content));
}

function replaceFile(directory: string, name: string, bytes: Uint8Array): void {
  const fresh = join(directory, `${name}.${process.pid}.new`);
  writeFileSync(fresh, bytes, { mode: 0o600 });
  renameSync(fresh, join(directory, name));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
