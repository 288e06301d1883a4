/** Knows the goods and takes orders; SQLite keeps them. */
import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { json, listen, log, setting } from "./program.js";

const database = new Database(setting("DATABASE"), { readwrite: true, strict: true });
database.run("PRAGMA busy_timeout = 2000");
const insert = database.query("INSERT INTO orders (item, visitor) VALUES ($item, $visitor) RETURNING *");
const newest = database.query("SELECT * FROM orders ORDER BY number DESC LIMIT 10");
const byNumber = database.query("SELECT * FROM orders WHERE number = $number");

let items = readItems();
process.on("SIGHUP", () => {
  try {
    items = readItems();
    log(`read items.json again: ${items.length} items`);
  } catch (error) {
    log(`cannot read items.json: ${error.message}; the goods stay as they were`);
  }
});

function readItems() {
  return JSON.parse(readFileSync("items.json", "utf8"));
}

async function takeOrder(request) {
  const { item = "", visitor = "somebody" } = await request.json().catch(() => ({}));
  if (!items.some(({ name }) => name === item)) {
    return json({ error: `cannot order "${item}": the shop does not have it` }, 404);
  }
  const order = insert.get({ item, visitor: String(visitor).slice(0, 60) });
  log(`order ${order.number}: ${order.item} for ${order.visitor}`);
  return json(order, 201);
}

const server = listen(Number(setting("PORT")), (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/items") return json(items);
  if (pathname === "/orders" && request.method === "POST") return takeOrder(request);
  if (pathname === "/orders") return json(newest.all());
  const number = Number(/^\/orders\/(\d+)$/.exec(pathname)?.[1] ?? 0);
  const order = byNumber.get({ number });
  return order ? json(order) : json({ error: `there is no ${pathname}` }, 404);
});
log(`listening on ${server.url.origin} with ${items.length} items`);
