/** Forty services behind one database that fails: one alert, one mail, and one more when it is well again. */
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { behindOneDatabase, configureAlerts, FORTY, mailTo, NoticeFile, noticesWaiting } from "../support/alarms.ts";
import { startMailServer } from "../support/mail-server.ts";
import { Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

/** From the cause to the mail that is handed over, at the default grouping. */
const AIM_MS = 1_000;
const LIMIT_MS = 2_000;
/** A recipient gets at most one mail a minute. */
const NEXT_MAIL_MS = 65_000;
const TEST_LIMIT_MS = 120_000;

describe("forty services behind one database", () => {
  test(
    `that fails and stays down: one alert and one mail name all (aim: ${AIM_MS} ms); one mail when it is well again`,
    async () => {
      const takenMs: number[] = [];
      const server = await startMailServer({ onMail: () => void takenMs.push(performance.now()) });
      await using _server = { [Symbol.asyncDispose]: () => server.close() };
      await using product = new Product("alerts-show", {});
      const told = new NoticeFile(product);
      const channels = { mail: { ops: mailTo(server.port) }, command: { told: told.channel } };
      configureAlerts(product, channels, behindOneDatabase(product));
      await product.up();
      await product.untilReady("database", ...FORTY);
      const pid = await product.pidOf("database");
      product.write("broken", "");

      const beginMs = performance.now();
      process.kill(pid, "SIGKILL");
      await waitFor("the mail", () => server.mails.length > 0);
      const tookMs = (takenMs[0] ?? Number.NaN) - beginMs;
      console.log(
        `from the cause to the mail that names ${FORTY.length} services: ${tookMs.toFixed(0)} ms (aim: ${AIM_MS})`,
      );
      expect(tookMs).toBeLessThan(LIMIT_MS);
      const raised = server.mails[0]?.mail;
      expect(raised?.subject).toMatch(/^DOWN database \(\+40\) on /);
      expect(raised?.text?.match(/service-\d\d/g)).toEqual(expect.arrayContaining(FORTY));
      expect(raised?.text).toContain("the disk is gone");
      await product.untilState("database", "failed");
      await product.untilState(FORTY, "waiting");
      const open = await product.client.alerts({ all: false });
      expect(open.map(({ fingerprint, affected }) => ({ fingerprint, affected }))).toEqual([
        { fingerprint: "down database", affected: FORTY },
      ]);
      const table = (await product.cli(["alerts"])).stdout;
      expect(table).toMatch(/ database +active .* 40 /);

      rmSync(product.file("broken"));
      expect((await product.cli(["start", "database"])).code).toBe(0);
      const over = await told.until("resolved", ({ kind }) => kind === "resolved");
      expect(over.alert).toMatchObject({ fingerprint: "down database", resolvedBy: "database:1 is ready again" });
      await product.untilReady("database", ...FORTY);
      await waitFor("the mail that it is over", () => server.mails.length > 1, { limitMs: NEXT_MAIL_MS });
      const resolved = server.mails[1]?.mail;
      expect(resolved?.subject).toMatch(/^OK database \(\+40\) on /);
      expect(resolved?.inReplyTo).toBe(raised?.messageId ?? "");

      // A minute has gone: whatever else there was to tell has been told by now, or waits.
      expect(await noticesWaiting(product, "ops")).toBe(0);
      expect(await noticesWaiting(product, "told")).toBe(0);
      expect(server.mails.length).toBe(2);
      expect(told.words()).toEqual(["raised down database", "resolved down database"]);
      expect((await product.client.alerts({ all: true })).map(({ state }) => state)).toEqual(["resolved"]);
    },
    TEST_LIMIT_MS,
  );
});
