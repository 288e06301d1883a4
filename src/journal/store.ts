import { Database, type Statement } from "bun:sqlite";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { EventQuery } from "../model/event-query.ts";
import type { EventRow, Retention, StoreOptions } from "./protocol.ts";
import { pageSql } from "./query.ts";
import { JOURNAL_VERSION, SCHEMA } from "./schema.ts";

/** Above this size the whole is not looked through at the opening; damage then shows when it is met. */
const FULL_CHECK_BYTES = 8_000_000;
/** How long a statement waits for another process before it gives up, to be tried again later: queries go on between. */
const LOCK_WAIT_MS = 50;
/** A page of rows ends at about so many characters, so that the reader's thread is busy with it for 1 or 2 ms at most. */
const PAGE_CHARACTERS = 200_000;
const PAGE_ROWS = 500;
const TRIM_ROWS = 1_000;
const VACUUM_PAGES = 256;
/** Below so many free pages (4 MB) they are left for new events. */
const FREE_PAGES_KEPT = 1_024;
const MAGIC = "SQLite format 3\0";
/** How long the log must be, in pages of 4 KiB by estimate, to be worth a checkpoint. */
const CHECKPOINT_PAGES = { busy: 1_000, quiet: 64, end: 1 } as const;

/** The file says that it is damaged; thrown at the opening. */
export class DamagedError extends Error {
  readonly code = "SQLITE_CORRUPT";
}

/** The database is of a newer muster; thrown at the opening. */
export class NewerVersionError extends Error {
  readonly found: number;

  constructor(found: number) {
    super(`version ${found}`);
    this.found = found;
  }
}

/** The journal's database: everything here is synchronous and belongs in the worker. Failures are thrown as SQLite says them. */
export class JournalStore implements Disposable {
  private readonly database: Database;
  private options: StoreOptions;
  /** of the database, and once something was written also of its log and index */
  private files: readonly string[];
  private readonly insertRow: Statement;
  private readonly insertSame: Statement;
  private pagesInLog = 0;

  constructor(options: StoreOptions) {
    this.options = options;
    // Made here so that it is 0600 whatever the umask; SQLite gives its other files the same mode.
    closeSync(openSync(options.path, "a", 0o600));
    checkHeader(options.path);
    this.database = new Database(options.path, { readwrite: true, strict: true });
    try {
      prepareDatabase(this.database, statSync(options.path).size);
      this.files = [fileIdentity(options.path)];
      this.insertRow = this.database.prepare("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
      this.insertSame = this.database.prepare(
        "INSERT OR IGNORE INTO same SELECT ?1, id FROM event WHERE once = ?2 AND id <> ?1",
      );
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  /** Stores the rows in one transaction. What is there already (same id or same once) is left as it is. */
  insert(rows: readonly EventRow[]): void {
    this.inTransaction(() => {
      for (const row of rows) {
        const { changes } = this.insertRow.run(...row);
        if (changes === 0 && row[8] !== null) this.insertSame.run(row[0], row[8]);
      }
    });
    this.pagesInLog += 1 + rows.length / 8;
    if (this.files.length === 1) this.rememberLog();
  }

  /** Newest first, at most `limit` rows and about 200 kB; `more` when there may be others. */
  page(query: EventQuery, before: string | null): { rows: EventRow[]; more: boolean } {
    const limit = Math.min(query.limit, PAGE_ROWS);
    const { sql, parameters } = pageSql(query, before, limit);
    const rows = this.database.query(sql).values(...parameters) as unknown as EventRow[];
    let characters = 0;
    for (const [index, row] of rows.entries()) {
      characters += row[5].length + (row[7]?.length ?? 0);
      if (characters > PAGE_CHARACTERS) return { rows: rows.slice(0, index + 1), more: true };
    }
    return { rows, more: rows.length === limit };
  }

  /** The event `id` and what caused it, newest first; ends where a cause is not known any more. */
  chain(id: string, depth: number): EventRow[] {
    const find = this.database.query(
      `SELECT id, time_ms, kind, severity, subject, message, cause, data, once FROM event
       WHERE id = ?1 OR id = (SELECT event FROM same WHERE id = ?1) LIMIT 1`,
    );
    const rows: EventRow[] = [];
    let next: string | null = id;
    while (next !== null && rows.length < depth) {
      const row: EventRow | undefined = (find.values(next) as unknown as EventRow[])[0];
      if (row === undefined) break;
      rows.push(row);
      next = row[6];
    }
    return rows;
  }

  newestId(): string | null {
    return (this.database.query("SELECT max(id) FROM event").values()[0]?.[0] as string | null | undefined) ?? null;
  }

  /**
   * Whether files were removed or replaced by hand. `removed`: the database itself, and what was written went with it;
   * `log-removed`: what it writes to now; a checkpoint saves that.
   */
  place(): "kept" | "removed" | "log-removed" {
    const [file, ...log] = this.identities();
    if (file === "" || file !== this.files[0]) return "removed";
    return this.files.length > 1 && log.join() !== this.files.slice(1).join() ? "log-removed" : "kept";
  }

  /**
   * Moves what is in the write-ahead log into the database when that is due. `busy`: only a long log, and without waiting for
   * readers; `quiet`: also a shorter one; `end`: whatever there is.
   */
  checkpoint(when: "busy" | "quiet" | "end"): void {
    if (this.pagesInLog < CHECKPOINT_PAGES[when]) return;
    this.database.query(`PRAGMA wal_checkpoint(${when === "busy" ? "PASSIVE" : "TRUNCATE"})`).all();
    this.pagesInLog = 0;
  }

  /** What `trim` goes by from now on. */
  retain(retention: Retention): void {
    this.options = { ...this.options, ...retention };
  }

  /** Gives back the page cache. */
  releaseMemory(): void {
    this.database.run("PRAGMA shrink_memory");
  }

  /** The size limit is passed and its step should be done before more is written. */
  isTooLarge(): boolean {
    const { maxBytes } = this.options;
    return maxBytes > 0 && this.usedBytes() > maxBytes;
  }

  /**
   * One small step of retention, a few ms: removes the oldest events that are too old or too many, or gives free pages
   * back to the file system.
   */
  trim(nowMs: number): { forAge: number; forSize: number; more: boolean } {
    const forAge = this.remove("time_ms < ?", nowMs - this.options.keepMs);
    const forSize = forAge === 0 && this.isTooLarge() ? this.remove("time_ms < ?", Number.MAX_SAFE_INTEGER) : 0;
    if (forAge + forSize > 0) return { forAge, forSize, more: true };
    return { forAge: 0, forSize: 0, more: this.giveBackPages() };
  }

  [Symbol.dispose](): void {
    this.insertRow.finalize();
    this.insertSame.finalize();
    this.database.close();
  }

  /** The log is there once something was written; where it is not, it was removed in that moment, and `place` says so. */
  private rememberLog(): void {
    const [, ...log] = this.identities();
    this.files = [...this.files, ...log.map((identity) => identity || "removed")];
  }

  private identities(): string[] {
    return ["", "-wal", "-shm"].map((companion) => fileIdentity(this.options.path + companion));
  }

  private remove(condition: string, parameter: number): number {
    const oldest = `SELECT id FROM (SELECT id, time_ms FROM event ORDER BY id LIMIT ${TRIM_ROWS}) WHERE ${condition}`;
    if (this.database.query(`${oldest} LIMIT 1`).values(parameter).length === 0) return 0;
    let removed = 0;
    this.inTransaction(() => {
      removed = this.database.query(`DELETE FROM event WHERE id IN (${oldest})`).run(parameter).changes;
      this.database.query("DELETE FROM same WHERE event < (SELECT min(id) FROM event)").run();
    });
    this.pagesInLog += 1 + removed / 8;
    return removed;
  }

  private giveBackPages(): boolean {
    if (this.number("PRAGMA freelist_count") <= FREE_PAGES_KEPT) return false;
    this.database.query(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`).all();
    this.pagesInLog += VACUUM_PAGES;
    return true;
  }

  private usedBytes(): number {
    const pages = this.number("PRAGMA page_count") - this.number("PRAGMA freelist_count");
    return pages * this.number("PRAGMA page_size");
  }

  private number(pragma: string): number {
    return Number(this.database.query(pragma).values()[0]?.[0] ?? 0);
  }

  private inTransaction(work: () => void): void {
    this.database.run("BEGIN IMMEDIATE");
    try {
      work();
      this.database.run("COMMIT");
    } catch (error) {
      if (this.database.inTransaction) this.database.run("ROLLBACK");
      throw error;
    }
  }
}

/**
 * FULL: what was reported durable survives a power cut too, because the files that an exit was read from are removed after
 * that. It costs one fsync a batch, off the supervising thread. No mmap: a file cut short by hand would be a SIGBUS.
 */
function prepareDatabase(database: Database, sizeBytes: number): void {
  database.run(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
  database.run("PRAGMA cache_size = -512");
  database.run("PRAGMA mmap_size = 0");
  database.run("PRAGMA cell_size_check = ON");
  database.run("PRAGMA trusted_schema = OFF");
  const version = readVersion(database);
  if (version > JOURNAL_VERSION) throw new NewerVersionError(version);
  if (version === 0) database.run("PRAGMA auto_vacuum = INCREMENTAL");
  database.query("PRAGMA journal_mode = WAL").all();
  database.run("PRAGMA synchronous = FULL");
  database.run("PRAGMA wal_autocheckpoint = 0");
  if (version === 0) createSchema(database);
  else if (sizeBytes <= FULL_CHECK_BYTES) checkWhole(database);
}

/** Done before SQLite sees the file: it takes one of a few bytes for empty and writes over it, and removes the log of garbage. */
function checkHeader(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    const header = Buffer.alloc(MAGIC.length);
    const length = readSync(descriptor, header, 0, header.length, 0);
    if (length > 0 && header.toString("latin1", 0, length) !== MAGIC) throw new DamagedError("file is not a database");
  } finally {
    closeSync(descriptor);
  }
}

function createSchema(database: Database): void {
  database.run("BEGIN IMMEDIATE");
  try {
    if (readVersion(database) === 0) database.run(SCHEMA);
    database.run("COMMIT");
  } catch (error) {
    if (database.inTransaction) database.run("ROLLBACK");
    throw error;
  }
}

function readVersion(database: Database): number {
  return Number(database.query("PRAGMA user_version").values()[0]?.[0] ?? 0);
}

function checkWhole(database: Database): void {
  const said = String(database.query("PRAGMA quick_check(1)").values()[0]?.[0]);
  if (said !== "ok") throw new DamagedError(said);
}

function fileIdentity(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.dev}:${stats.ino}`;
}
