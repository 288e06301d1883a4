/** What every notifier keeps to, each tried against a real other side. */
import { beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failOnLeaks } from "../../../../test/support/leak-check.ts";
import { TEST_AUTHORITY } from "../../../../test/support/mail-certificate.ts";
import { startMailServer } from "../../../../test/support/mail-server.ts";
import { directoryForEachTest, temporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { waitForFile } from "../../../../test/support/wait-for.ts";
import { NOTICE_KINDS, type Notice } from "../../../model/alert.ts";
import type { ChannelSpec } from "../../../model/alerts-spec.ts";
import { VirtualClock } from "../../../platform/virtual-clock.ts";
import { DELIVERED } from "../notifier.ts";
import {
  type Behaviour,
  commandRig,
  headerOf,
  only,
  PASSWORD,
  type Rig,
  type RigWish,
  silentServer,
  TIMEOUT_MS,
  webhookRig,
} from "../testing/rigs.ts";
import { sampleEvent, sampleNotice } from "../testing/sample-notice.ts";

const HOSTILE: Readonly<Record<string, string>> = {
  html: "<script>alert('x')</script> & <b>bold</b> </body>",
  "control characters": "\u0000\u0007\u001b[2J\u001b]0;title\u0007 \u009b1m \u202egnp.exe \u2028 \u2029",
  "line feeds": "down\r\nBcc: thief@example.org\nX-Injected: yes\r\n\r\nbody\r\n.\r\nQUIT\r\n",
  "invalid surrogates": "\ud800 half \udfff pair \ud83d",
  "a megabyte": "long ".repeat(200_000),
  nothing: "",
};

async function mailRig({ behaviour, directory, clock }: RigWish): Promise<Rig> {
  const secret = join(directory, "password");
  const authority = join(directory, "authority.pem");
  writeFileSync(secret, `${PASSWORD}\n`);
  writeFileSync(authority, TEST_AUTHORITY);
  const code = behaviour === "refuses-for-good" ? 550 : 450;
  const server = await startMailServer({
    user: "muster",
    password: PASSWORD,
    refused: behaviour.startsWith("refuses") ? { "ops@example.org": { code, text: "not here" } } : {},
  });
  const silent = await silentServer();
  const spec: ChannelSpec = {
    kind: "mail",
    name: "ops",
    severity: "warn",
    timeoutMs: TIMEOUT_MS,
    host: "127.0.0.1",
    port: behaviour === "silent" ? silent.port : server.port,
    tls: "required",
    authority,
    user: "muster",
    password: { kind: "file", path: secret },
    from: "muster@example.org",
    recipients: [{ address: "ops@example.org", severity: "warn" }],
  };
  if (behaviour === "dead") await server.close();
  return {
    notifier: only(spec, clock),
    received: () => server.mails.map(({ mail }) => (headerOf(mail.headers, "x-muster-notice") ?? "").split(" ")),
    text: () => server.mails.map(({ raw }) => raw).join("\n"),
    reached: silent.reached,
    close: async () => {
      if (behaviour !== "dead") await server.close();
      await silent.close();
    },
  };
}

const RIGS = { mail: mailRig, webhook: webhookRig, command: commandRig };

// With the first mail of a process the runtime opens its standard output once more and keeps that: it is no leak of a suite.
beforeAll(async () => {
  using directory = temporaryDirectory("notifier");
  const rig = await RIGS.mail({
    behaviour: "takes",
    directory: directory.path,
    clock: new VirtualClock(),
    waitForFile,
  });
  await rig.notifier.deliver([sampleNotice("first")], new AbortController().signal);
  await rig.close();
});

for (const [kind, makeRig] of Object.entries(RIGS)) {
  describe(`the ${kind} notifier`, () => {
    failOnLeaks();
    const directory = directoryForEachTest("notifier");

    async function withRig(behaviour: Behaviour, run: (rig: Rig, clock: VirtualClock) => Promise<void>): Promise<void> {
      const clock = new VirtualClock();
      const rig = await makeRig({ behaviour, directory: directory().path, clock, waitForFile });
      try {
        await run(rig, clock);
        expect(clock.waiting).toBe(0);
      } finally {
        await rig.close();
      }
    }

    const deliver = (rig: Rig, ...notices: readonly Notice[]) =>
      rig.notifier.deliver(notices, new AbortController().signal);

    test("delivers one notice of each kind", () =>
      withRig("takes", async (rig) => {
        for (const each of NOTICE_KINDS) {
          expect(await deliver(rig, sampleNotice("db", { kind: each }))).toEqual(DELIVERED);
        }
        expect([...rig.received()].flat().sort()).toEqual(NOTICE_KINDS.map((each) => `a-db.${each}`).sort());
      }));

    test("delivers several at once", () =>
      withRig("takes", async (rig) => {
        expect(await deliver(rig, sampleNotice("db"), sampleNotice("web"))).toEqual(DELIVERED);
        expect(rig.received()).toEqual([["a-db.raised", "a-web.raised"]]);
      }));

    for (const [what, text] of Object.entries(HOSTILE)) {
      test(`takes ${what} as data, wherever it stands`, () =>
        withRig("takes", async (rig) => {
          const notice = sampleNotice("db", {
            alert: { message: text, subject: text, affected: [text, "web"], resolvedBy: text },
            chain: [sampleEvent("db", text)],
            logLines: [text],
            host: text,
          });
          expect(await deliver(rig, notice)).toEqual(DELIVERED);
          expect(await deliver(rig, notice, sampleNotice("web"))).toEqual(DELIVERED);
          expect([...rig.received()].sort((a, b) => a.length - b.length)).toEqual([
            ["a-db.raised"],
            ["a-db.raised", "a-web.raised"],
          ]);
        }));
    }

    test("says that nobody is there, and that it may be tried again", () =>
      withRig("dead", async (rig) => {
        expect(await deliver(rig, sampleNotice("db"))).toMatchObject({ kind: "failed", permanent: false });
      }));

    test("knows a refusal for good from one for now, and passes on why", () =>
      withRig("refuses-for-good", async (rig, clock) => {
        const good = await deliver(rig, sampleNotice("db"));
        expect(good).toMatchObject({ kind: "failed", permanent: true, reason: expect.stringContaining("not here") });
        const other = directory().file("other");
        mkdirSync(other);
        const second = await makeRig({ behaviour: "refuses-for-now", directory: other, clock, waitForFile });
        const now = await deliver(second, sampleNotice("db"));
        await second.close();
        expect(now).toMatchObject({ kind: "failed", permanent: false, reason: expect.stringContaining("not here") });
      }));

    test("ends at its time-out when the other side never answers", () =>
      withRig("silent", async (rig, clock) => {
        const outcome = deliver(rig, sampleNotice("db"));
        await rig.reached;
        clock.advance(TIMEOUT_MS - 1);
        expect(await Promise.race([outcome, Promise.resolve("still waiting")])).toBe("still waiting");
        clock.advance(1);
        expect(await outcome).toMatchObject({ kind: "failed", permanent: false, reason: "it took longer than 20s" });
      }));

    test("ends soon after it was aborted, or at once when it already was", () =>
      withRig("silent", async (rig) => {
        const controller = new AbortController();
        const outcome = rig.notifier.deliver([sampleNotice("db")], controller.signal);
        await rig.reached;
        controller.abort();
        expect(await outcome).toMatchObject({ kind: "failed", permanent: false });
        const late = await rig.notifier.deliver([sampleNotice("db")], controller.signal);
        expect(late).toMatchObject({ kind: "failed", permanent: false });
      }));

    test("never tells its secret", async () => {
      for (const behaviour of ["takes", "dead", "refuses-for-good"] as const) {
        const place = directory().file(behaviour);
        mkdirSync(place);
        const rig = await makeRig({ behaviour, directory: place, clock: new VirtualClock(), waitForFile });
        const said = JSON.stringify(await deliver(rig, sampleNotice("db"))) + rig.text();
        await rig.close();
        expect(said).not.toContain(PASSWORD);
        expect(said).not.toContain(Buffer.from(PASSWORD).toString("base64"));
      }
    });
  });
}
