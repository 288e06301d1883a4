/**
 * Knows how much of each item is left. It keeps a book of what came and went; the sums beside it are for speed, and may be
 * wrong when it was killed. Then it repairs them first, and tells Muster how far it is.
 */
import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { log, onEnd, say, setting } from "./program.js";

const LOOK_EVERY_MS = 300;
const DELIVERED = 3;
/** As `user_version` of the database: it was closed in order. */
const IN_ORDER = 1;

const msForOneItem = Number(setting("MS_FOR_ONE_ITEM"));
const items = JSON.parse(readFileSync("items.json", "utf8")).map(({ name }) => name);
const orders = new Database(setting("DATABASE"), { readonly: true, strict: true });
const shipped = orders.query(
  "SELECT number, item FROM orders WHERE state = 'shipped' AND number > $number ORDER BY number",
);

const stock = new Database(setting("STOCK"), { create: true, strict: true });
stock.run(
  "CREATE TABLE IF NOT EXISTS book (number INTEGER UNIQUE, item TEXT NOT NULL, change INTEGER NOT NULL) STRICT",
);
stock.run("CREATE TABLE IF NOT EXISTS sums (item TEXT PRIMARY KEY, amount INTEGER NOT NULL) STRICT");
const enter = stock.query("INSERT INTO book (number, item, change) VALUES ($number, $item, $change)");
const sum = stock.query("SELECT coalesce(sum(change), 0) AS amount FROM book WHERE item = $item");
const keep = stock.query("INSERT OR REPLACE INTO sums VALUES ($item, $amount)");
const left = stock.query("SELECT amount FROM sums WHERE item = $item");
const newest = stock.query("SELECT coalesce(max(number), 0) AS number FROM book");

async function repair() {
  log("the stock was not closed in order: counting all of it again");
  for (const [position, item] of items.entries()) {
    const progress = Math.max(1, Math.floor((100 * position) / items.length));
    await say("maintenance", "--progress", String(progress), `counting ${item}`);
    await Bun.sleep(msForOneItem);
    keep.run({ item, amount: sum.get({ item }).amount });
  }
}

function change(item, by, number = null) {
  const amount = (left.get({ item })?.amount ?? 0) + by;
  stock.transaction(() => {
    enter.run({ number, item, change: by });
    keep.run({ item, amount });
  })();
  return amount;
}

async function deliver(item, why) {
  log(`${change(item, DELIVERED)} of ${item} after a delivery`);
  if (why !== undefined) await say("log", "--severity", "warn", `${item} ${why}; ${DELIVERED} more were ordered`);
}

async function lookForOrders() {
  for (const { number, item } of shipped.all({ number: newest.get().number })) {
    const amount = change(item, -1, number);
    log(`order ${number}: ${amount} of ${item} left`);
    if (amount <= 0) await deliver(item, "is sold out");
  }
}

if (stock.query("PRAGMA user_version").get().user_version !== IN_ORDER) await repair();
stock.run("PRAGMA user_version = 0");
for (const item of items) if ((left.get({ item })?.amount ?? 0) <= 0) await deliver(item);

let ending = false;
const idle = Promise.withResolvers();
onEnd(async () => {
  ending = true;
  await idle.promise;
  stock.run(`PRAGMA user_version = ${IN_ORDER}`);
  stock.close();
});

log(`the stock is in order: ${items.length} items`);
await say("started");
while (!ending) {
  await lookForOrders();
  await Bun.sleep(LOOK_EVERY_MS);
}
idle.resolve();
