/** Takes orders one by one, packs each for a while, and leaves a letter for the mailer. Several may run side by side. */
import { Database } from "bun:sqlite";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { log, onEnd, setting } from "./program.js";

const LOOK_EVERY_MS = 300;
const PACKING_MS = 1_000;

const outbox = setting("OUTBOX");
const packer = Number(process.env.MUSTER_INSTANCE ?? 1);
const database = new Database(setting("DATABASE"), { readwrite: true, strict: true });
database.run("PRAGMA busy_timeout = 2000");
// One statement, so that two workers never take the same order.
const take = database.query(`UPDATE orders SET state = 'packing', packer = $packer
  WHERE number = (SELECT number FROM orders WHERE state = 'new' ORDER BY number LIMIT 1) RETURNING *`);
const finish = database.query("UPDATE orders SET state = 'shipped' WHERE number = $number");

async function ship(order) {
  log(`packing order ${order.number}: ${order.item}`);
  await Bun.sleep(PACKING_MS);
  const letter = join(outbox, `order-${order.number}`);
  // Written aside and put in place by its name, so that the mailer never reads half a letter.
  writeFileSync(`${letter}.new`, `Dear ${order.visitor}, your ${order.item} is on its way.\n`);
  renameSync(`${letter}.new`, `${letter}.letter`);
  finish.run({ number: order.number });
  log(`shipped order ${order.number}`);
}

let ending = false;
const idle = Promise.withResolvers();
onEnd(() => {
  ending = true;
  return idle.promise;
});

// What this instance had in its hands when it was killed.
const reopen = database.query("UPDATE orders SET state = 'new' WHERE state = 'packing' AND packer = $packer");
log(`ready to ship, ${reopen.run({ packer }).changes} orders were left half packed`);
while (!ending) {
  const order = take.get({ packer });
  if (order) await ship(order);
  else await Bun.sleep(LOOK_EVERY_MS);
}
idle.resolve();
