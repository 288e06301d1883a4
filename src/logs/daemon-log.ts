import { closeSync, openSync, writeSync } from "node:fs";
import { type FileHandle, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { formatRfc3339 } from "../base/rfc3339.ts";
import { packLog } from "./pack.ts";
import { formatStamp, parseRotatedName } from "./places.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const FLUSH_AFTER_MS = 200;
const RETRY_AFTER_MS = 1_000;
const MOST_WAITING_CHARACTERS = 262_144;

export interface DaemonLogOptions {
  readonly clock: Clock;
  /** `<state>/logs/muster.log` */
  readonly path: string;
  readonly level: LogLevel;
  readonly sizeBytes: number;
  /** rotated files kept */
  readonly keep: number;
}

type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * The daemon's own log: `<RFC 3339> <level> <message> key=value`, one line an entry. Entries are gathered and written
 * every 200 ms, an error at once. It never throws and never waits: while the file cannot be written up to 512 KiB are
 * held, what comes after is counted, and when there is room again (looked for each second) the count is written.
 */
export class DaemonLog {
  /** Entries below it are not written; may be changed at any time. */
  level: LogLevel;
  private readonly options: DaemonLogOptions;
  private handle: FileHandle | null = null;
  private sizeBytes = 0;
  private waiting = "";
  private unwritten = Buffer.alloc(0);
  private lostEntries = 0;
  private timer: Disposable | null = null;
  private writing: Promise<void> | null = null;
  private fault: string | null = null;
  private rotations = 0;

  constructor(options: DaemonLogOptions) {
    this.options = options;
    this.level = options.level;
  }

  /** Entries that could not be written until now and are counted only; 0 again once that was written down. */
  get lost(): number {
    return this.lostEntries;
  }

  /** Why it cannot be written at present; null: it can. */
  get failure(): string | null {
    return this.fault;
  }

  debug(message: string, fields: Fields = {}): void {
    this.add("debug", message, fields);
  }

  info(message: string, fields: Fields = {}): void {
    this.add("info", message, fields);
  }

  warn(message: string, fields: Fields = {}): void {
    this.add("warn", message, fields);
  }

  error(message: string, fields: Fields = {}): void {
    this.add("error", message, fields);
  }

  /** Writes what is waiting; resolves also when that was not possible. */
  async flush(): Promise<void> {
    this.timer?.[Symbol.dispose]();
    this.timer = null;
    while (this.writing) await this.writing;
    this.gather();
    if (this.unwritten.length === 0) return;
    this.writing = this.write().finally(() => {
      this.writing = null;
    });
    await this.writing;
  }

  /** For the last moment of the process, where nothing asynchronous runs any more. */
  flushSync(): void {
    this.gather();
    try {
      const descriptor = openSync(this.options.path, "a", 0o600);
      writeSync(descriptor, this.unwritten);
      closeSync(descriptor);
      this.unwritten = Buffer.alloc(0);
    } catch (fault) {
      this.fault = (fault as Error).message;
    }
  }

  async close(): Promise<void> {
    await this.flush();
    this.timer?.[Symbol.dispose]();
    this.timer = null;
    await this.release();
  }

  private add(level: LogLevel, message: string, fields: Fields): void {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(this.level)) return;
    if (this.waiting.length >= MOST_WAITING_CHARACTERS) {
      this.lostEntries++;
      return;
    }
    this.waiting += formatEntry(this.options.clock.wallMs(), level, message, fields);
    if (level === "error" && this.fault === null) void this.flush();
    else this.timer ??= this.options.clock.setTimer(FLUSH_AFTER_MS, () => void this.flush());
  }

  private gather(): void {
    if (this.lostEntries > 0 && this.unwritten.length === 0) {
      const data = { count: this.lostEntries, reason: this.fault };
      this.waiting += formatEntry(this.options.clock.wallMs(), "error", "log entries were lost", data);
      this.lostEntries = 0;
    }
    // While the file cannot be written, what waits is not added without limit.
    if (this.waiting.length === 0 || this.unwritten.length > MOST_WAITING_CHARACTERS) return;
    this.unwritten = Buffer.concat([this.unwritten, Buffer.from(this.waiting)]);
    this.waiting = "";
  }

  private async write(): Promise<void> {
    try {
      const handle = await this.opened();
      while (this.unwritten.length > 0) {
        const { bytesWritten } = await handle.write(this.unwritten);
        this.unwritten = this.unwritten.subarray(bytesWritten);
        this.sizeBytes += bytesWritten;
      }
      this.fault = null;
      if (this.options.sizeBytes > 0 && this.sizeBytes >= this.options.sizeBytes) await this.rotate();
    } catch (fault) {
      this.fault = (fault as Error).message;
      await this.release();
    }
    if (this.unwritten.length > 0 || this.lostEntries > 0) {
      this.timer ??= this.options.clock.setTimer(RETRY_AFTER_MS, () => void this.flush());
    }
  }

  private async opened(): Promise<FileHandle> {
    const named = await stat(this.options.path).catch(() => undefined);
    const held = await this.handle?.stat();
    if (this.handle && held?.ino === named?.ino) return this.handle;
    // Somebody has removed or renamed it: begun anew.
    await this.release();
    this.handle = await open(this.options.path, "a", 0o600);
    this.sizeBytes = (await this.handle.stat()).size;
    return this.handle;
  }

  private async release(): Promise<void> {
    const { handle } = this;
    this.handle = null;
    await handle?.close().catch(() => undefined);
  }

  /** Between two entries: renames, packs aside and keeps so many. Where it fails the log goes on growing. */
  private async rotate(): Promise<void> {
    const { clock, keep, path } = this.options;
    const rotated = `${path}.${formatStamp(clock.wallMs(), this.rotations++ % 1_000_000)}`;
    await this.release();
    await rename(path, rotated);
    await packLog(rotated);
    const directory = dirname(path);
    const own = (await readdir(directory)).filter((name) => parseRotatedName(name)?.base === basename(path)).sort();
    for (const name of own.slice(0, Math.max(0, own.length - keep))) await unlink(join(directory, name));
  }
}

/** One entry; a value with blanks or quotes is quoted, so that an entry is one line whatever it holds. */
export function formatEntry(wallMs: number, level: LogLevel, message: string, fields: Fields): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${quoted(String(value))}`);
  return `${formatRfc3339(wallMs)} ${level} ${oneLine(message)}${pairs.join("")}\n`;
}

function quoted(text: string): string {
  return /^[^\s"=\p{C}]+$/u.test(text) ? text : JSON.stringify(text);
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
