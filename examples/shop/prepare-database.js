/** Makes the shop's directories and tables, if they are not there. A task: it ends when that is done. */
import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { log, setting } from "./program.js";

const path = setting("DATABASE");
mkdirSync(dirname(path), { recursive: true });
mkdirSync(setting("OUTBOX"), { recursive: true });

const database = new Database(path, { create: true, strict: true });
database.run("PRAGMA journal_mode = WAL");
database.run(`CREATE TABLE IF NOT EXISTS orders (
  number  INTEGER PRIMARY KEY,
  item    TEXT NOT NULL,
  visitor TEXT NOT NULL,
  state   TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'packing', 'shipped')),
  packer  INTEGER,
  ordered TEXT NOT NULL DEFAULT (datetime('now'))
) STRICT`);
const { count } = database.query("SELECT count(*) AS count FROM orders").get();
database.close();
log(`the database is prepared, it holds ${count} orders`);
