/** What examples/shop says to Muster, and what Muster tells its owner: the services that speak, as its file declares them. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "smol-toml";
import { failOnLeaks } from "../support/leak-check.ts";
import { Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

const SHOP = join(import.meta.dir, "../../examples/shop");
const SPEAKING = ["prepare-database", "stock", "thermometer"] as const;

type Table = Record<string, unknown>;
interface ShopFile {
  readonly services: Readonly<Record<string, Table & { environment?: Table }>>;
  readonly alerts: Table & { readonly mail: { readonly owner: Table } };
}

/** The shop's own file, with all it keeps in the product's directory. */
function shopFile(product: Product, mailPort: number): string {
  const shop = parse(readFileSync(join(SHOP, "muster.toml"), "utf8")) as unknown as ShopFile;
  const services = Object.fromEntries(SPEAKING.map((name) => [name, { ...shop.services[name], directory: SHOP }]));
  const stock = { ...services.stock, environment: { ...services.stock?.environment, MS_FOR_ONE_ITEM: "100" } };
  const owner = { ...shop.alerts.mail.owner, server: `smtp://127.0.0.1:${mailPort}` };
  return stringify({
    variables: {
      BUN: process.execPath,
      DATABASE: product.file("shop.db"),
      OUTBOX: product.file("outbox"),
      STOCK: product.file("stock.db"),
    },
    alerts: { ...shop.alerts, quiet: "1s", mail: { owner } },
    services: { ...services, stock },
  });
}

/** The shop's mailbox, on a free port. */
async function openMailbox() {
  const child = Bun.spawn([process.execPath, "mailbox.js"], {
    cwd: SHOP,
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  const ended = (async () => {
    for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) text += piece;
  })();
  const saw = (pattern: RegExp) =>
    waitFor(`the mailbox to show ${pattern}`, () => pattern.exec(text), { lastSeen: () => text });
  const [, port] = await saw(/is open on 127\.0\.0\.1:(\d+)/);
  const close = async () => {
    child.kill("SIGTERM");
    await Promise.all([ended, child.exited]);
  };
  return { port: Number(port), saw, [Symbol.asyncDispose]: close };
}

failOnLeaks();

describe("the shop under Muster", () => {
  test("its stock is seen in maintenance, with its progress, and then is ready", async () => {
    await using product = new Product("shop", {});
    product.write("muster.toml", shopFile(product, 1));
    await product.up();
    const seen = await product.until("the stock to repair itself", ({ services }) => {
      const stock = services.find(({ name }) => name === "stock")?.instances[0];
      return stock?.state === "maintenance" && stock.maintenance !== null && !stock.ready ? stock.maintenance : null;
    });
    expect(seen).toMatchObject({ progress: expect.any(Number), text: expect.stringMatching(/^counting \w+$/) });
    await product.untilReady("stock");
    expect((await product.event("stock:1", "instance.ready")).message).toContain("it said started_ok");
    expect((await product.instance("stock")).maintenance).toBeNull();
  });

  test("its alert is listed, its owner gets a mail of it, and it is over when it is not raised again", async () => {
    await using mailbox = await openMailbox();
    await using product = new Product("shop", {});
    product.write("muster.toml", shopFile(product, mailbox.port));
    await product.up();
    await product.wrote("thermometer", /19 degrees/);
    expect((await product.cli(["signal", "USR1", "thermometer"])).code).toBe(0);
    const [alert] = await waitFor("the alert", async () => {
      const alerts = await product.client.alerts({ all: true });
      return alerts.length > 0 ? alerts : null;
    });
    expect(alert).toMatchObject({
      kind: "said",
      severity: "warn",
      subject: "thermometer:1",
      message: "the tea store is too warm",
    });
    expect((await product.instance("thermometer")).counters).toEqual({ degrees: 31 });
    await mailbox.saw(/a mail to owner@tea-shop\.example: WARN thermometer:1 .*the tea store is too warm/);
    await waitFor("the alert to be over", async () => {
      const [seen] = await product.client.alerts({ all: true });
      return seen?.state === "resolved";
    });
  });
});
