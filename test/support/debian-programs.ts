import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "./temporary-directory.ts";
import { waitFor } from "./wait-for.ts";

/** Debian has servers in /usr/sbin, which is not in everybody's PATH, and PostgreSQL's where each version has its own. */
const POSTGRESQL = "/usr/lib/postgresql";
const VERSIONS = existsSync(POSTGRESQL) ? readdirSync(POSTGRESQL) : [];
const DIRECTORIES = ["/usr/bin", "/usr/sbin", ...VERSIONS.map((version) => join(POSTGRESQL, version, "bin"))];

/** @returns the path of the program; empty: it is not installed */
export function findProgram(name: string): string {
  return Bun.which(name, { PATH: DIRECTORIES.join(":") }) ?? "";
}

/** Why tests of the program are skipped; null: they are not. */
export function whyMissing(name: string, debianPackage: string): string | null {
  return findProgram(name) === "" ? `no ${name} (Debian's package ${debianPackage})` : null;
}

/**
 * A directory that other users can pass, so that a program can run as its own user when the test is root. Its path is
 * short enough for sockets.
 */
export class OpenDirectory implements Disposable {
  readonly path: string;

  constructor(label: string) {
    this.path = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), `muster-${label}-`));
    chmodSync(this.path, 0o711);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Makes a directory in it. @param owner null: who runs the test */
  make(name: string, owner: Account | null = null): string {
    const path = this.file(name);
    mkdirSync(path, { mode: 0o700 });
    if (owner !== null) chownSync(path, owner.uid, owner.gid);
    return path;
  }

  [Symbol.dispose](): void {
    removeTree(this.path);
  }
}

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Null: there is no such user. */
export function findAccount(name: string): Account | null {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${name}:`));
  if (line === undefined) return null;
  const [, , uid, gid] = line.split(":");
  return { name, uid: Number(uid), gid: Number(gid) };
}

/**
 * A file that a program reads when it starts or reloads, and that has no end before `release`: so the program is held
 * where it is, and has not said yet that it is ready.
 */
export class HeldFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    const made = Bun.spawnSync(["mkfifo", "-m", "644", path]);
    if (made.exitCode !== 0) throw new Error(`cannot make ${path}: ${made.stderr}`);
  }

  /** Waits until a program reads it, and lets that one go on with the content. */
  async release(content: string): Promise<void> {
    const descriptor = await waitFor(`a program to read ${this.path}`, () => this.openAsWriter());
    writeSync(descriptor, content);
    closeSync(descriptor);
  }

  private openAsWriter(): number | null {
    try {
      return openSync(this.path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENXIO") return null;
      throw error;
    }
  }
}

/** Connects to a unix socket, says the words, and gives the first bytes that come back. Fails at once when nobody listens. */
export async function ask(path: string, words: string): Promise<string> {
  const answer = Promise.withResolvers<string>();
  const socket = connect(path, () => socket.write(words));
  socket.once("data", (bytes) => answer.resolve(bytes.toString("latin1")));
  socket.once("error", answer.reject);
  socket.once("close", () => answer.reject(new Error(`${path} was closed without an answer`)));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  try {
    return await answer.promise;
  } finally {
    socket.destroy();
    await closed;
  }
}

/** Gives the answer as soon as there is one. */
export async function untilAnswers(what: string, attempt: () => Promise<string>): Promise<string> {
  return await waitFor(`${what} to answer`, () => attempt().catch(() => ""));
}
