/** Services that are down because another one is: one alert, one mail. With its second mail, a minute later: test/system/alerts. */
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { behindOneDatabase, configureAlerts, FORTY, mailTo, NoticeFile, noticesWaiting } from "../support/alarms.ts";
import { startMailServer } from "../support/mail-server.ts";
import { Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

describe("forty services behind one database that fails", () => {
  test("are one alert and one mail that name all, and one notice that it is over", async () => {
    const server = await startMailServer();
    await using _server = { [Symbol.asyncDispose]: () => server.close() };
    await using product = new Product("alerts-folding", {});
    const told = new NoticeFile(product);
    const channels = { mail: { ops: mailTo(server.port) }, command: { told: told.channel } };
    // Longer than the default, for hosts that are busy with other tests: what comes later joins in a second notice.
    configureAlerts(product, { group_wait: "1s", ...channels }, behindOneDatabase(product));
    await product.up();
    await product.untilReady("database", ...FORTY);
    const pid = await product.pidOf("database");
    product.write("broken", "");
    process.kill(pid, "SIGKILL");
    const { alert } = await told.until("raised", ({ kind }) => kind === "raised");
    expect(alert).toMatchObject({ fingerprint: "down database", affected: FORTY });
    await waitFor("the mail", () => server.mails.length > 0);
    expect(server.mails[0]?.mail.subject).toMatch(/^DOWN database \(\+40\) on /);
    expect(server.mails[0]?.mail.text?.match(/service-\d\d/g)).toEqual(expect.arrayContaining([...FORTY]));
    rmSync(product.file("broken"));
    expect((await product.cli(["start", "database"])).code).toBe(0);
    await told.until("resolved", ({ kind }) => kind === "resolved");
    await product.untilReady("database", ...FORTY);
    // The second mail waits for its minute, and it alone.
    expect(await noticesWaiting(product, "ops")).toBe(1);
    expect(server.mails.length).toBe(1);
    expect(told.words()).toEqual(["raised down database", "resolved down database"]);
    expect((await product.client.alerts({ all: false })).map(({ kind }) => kind)).toEqual([]);
  });
});
