import { beforeAll, describe, expect, test } from "bun:test";
import { unlinkSync, writeFileSync } from "node:fs";
import { failOnLeaks } from "../../../../test/support/leak-check.ts";
import { TEST_AUTHORITY } from "../../../../test/support/mail-certificate.ts";
import { type MailServer, type MailServerWish, startMailServer } from "../../../../test/support/mail-server.ts";
import { directoryForEachTest } from "../../../../test/support/temporary-directory.ts";
import type { MailSpec } from "../../../model/alerts-spec.ts";
import { openLibc } from "../../../platform/libc.ts";
import { VirtualClock } from "../../../platform/virtual-clock.ts";
import { DELIVERED, type Notifier } from "../notifier.ts";
import { headerOf, PASSWORD } from "../testing/rigs.ts";
import { sampleNotice } from "../testing/sample-notice.ts";
import { makeNotifiers } from "./make-notifiers.ts";

const PLAIN: Partial<MailSpec> = { tls: "never" };

function notifiersFor(
  port: number,
  wish: Partial<MailSpec> = {},
  environment: Record<string, string> = {},
): Notifier[] {
  const spec: MailSpec = {
    kind: "mail",
    name: "ops",
    severity: "warn",
    timeoutMs: 20_000,
    host: "127.0.0.1",
    port,
    tls: "required",
    authority: null,
    user: null,
    password: null,
    from: "Muster <muster@example.org>",
    recipients: [{ address: "ops@example.org", severity: "warn" }],
    ...wish,
  };
  return makeNotifiers([spec], { clock: new VirtualClock(), environment, libc: openLibc(), host: "host1.example.org" });
}

/** Sends one notice through the first notifier. */
async function send(port: number, wish: Partial<MailSpec> = {}, environment: Record<string, string> = {}) {
  const [notifier] = notifiersFor(port, wish, environment);
  return await notifier?.deliver([sampleNotice("db")], new AbortController().signal);
}

async function withServer(wish: MailServerWish, run: (server: MailServer) => Promise<void>): Promise<void> {
  const server = await startMailServer(wish);
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

// With the first mail of a process the runtime opens its standard output once more and keeps that: it is no leak of a suite.
beforeAll(() => withServer({}, async ({ port }) => void (await send(port, PLAIN))));

describe("TLS", () => {
  failOnLeaks();
  const directory = directoryForEachTest("mail");
  const authority = () => {
    writeFileSync(directory().file("authority.pem"), TEST_AUTHORITY);
    return directory().file("authority.pem");
  };

  test("required: encrypted when the certificate holds, else no mail", () =>
    withServer({}, async ({ port, mails }) => {
      expect(await send(port, { authority: authority() })).toEqual(DELIVERED);
      expect(mails[0]?.isEncrypted).toBe(true);
      const strange = await send(port);
      expect(strange).toMatchObject({ kind: "failed", permanent: false });
      expect(mails).toHaveLength(1);
    }));

  test("required: no mail to a server whose certificate is of another name", () =>
    withServer({ address: "127.0.0.2" }, async ({ port, mails }) => {
      const outcome = await send(port, { authority: authority(), host: "127.0.0.2" });
      expect(outcome).toMatchObject({ kind: "failed", permanent: false });
      expect(mails).toEqual([]);
    }));

  test("required: no mail to a server without TLS", () =>
    withServer({ withoutTls: true }, async ({ port, mails }) => {
      expect(await send(port, { authority: authority() })).toMatchObject({ kind: "failed", permanent: false });
      expect(mails).toEqual([]);
    }));

  test("always: encrypted from the first byte", () =>
    withServer({ secure: true }, async ({ port, mails }) => {
      expect(await send(port, { tls: "always", authority: authority() })).toEqual(DELIVERED);
      expect(await send(port, { tls: "always" })).toMatchObject({ kind: "failed" });
      expect(mails.map(({ isEncrypted }) => isEncrypted)).toEqual([true]);
    }));

  test("possible: encrypted where offered, whoever signed; in the clear where not", async () => {
    await withServer({}, async ({ port, mails }) => {
      expect(await send(port, { tls: "possible" })).toEqual(DELIVERED);
      expect(mails[0]?.isEncrypted).toBe(true);
    });
    await withServer({ withoutTls: true }, async ({ port, mails }) => {
      expect(await send(port, { tls: "possible" })).toEqual(DELIVERED);
      expect(mails[0]?.isEncrypted).toBe(false);
    });
  });

  test("never: in the clear also where it is offered", () =>
    withServer({}, async ({ port, mails }) => {
      expect(await send(port, PLAIN)).toEqual(DELIVERED);
      expect(mails[0]?.isEncrypted).toBe(false);
    }));

  test("a password never goes to somebody unknown or in the clear, unless the file says never", async () => {
    const login = { user: "muster", password: { kind: "environment", variable: "SECRET" } } as const;
    const environment = { SECRET: PASSWORD };
    const taken: string[] = [];
    const complaint = (password: string) => `attempt ${taken.push(password)}`;
    const server = { user: "muster", password: "another", complaint };
    await withServer({ ...server, withoutTls: true }, async ({ port }) => {
      expect(await send(port, { ...login, tls: "possible" }, environment)).toMatchObject({ kind: "failed" });
    });
    await withServer(server, async ({ port }) => {
      expect(await send(port, { ...login, tls: "possible" }, environment)).toMatchObject({ kind: "failed" });
    });
    expect(taken).toEqual([]);
    await withServer({ user: "muster", password: PASSWORD, withoutTls: true }, async ({ port, mails }) => {
      expect(await send(port, { ...login, tls: "never" }, environment)).toEqual(DELIVERED);
      expect(mails[0]?.user).toBe("muster");
    });
  });

  test("an authority that cannot be read is said", async () => {
    const missing = directory().file("missing.pem");
    expect(await send(1, { authority: missing })).toMatchObject({ reason: expect.stringContaining(missing) });
  });
});

describe("signing in", () => {
  failOnLeaks();
  const directory = directoryForEachTest("mail");

  test("reads the password at each delivery, and says what is wrong with it without telling it", () =>
    withServer({ user: "muster", password: PASSWORD }, async ({ port, mails }) => {
      const authority = directory().file("authority.pem");
      const path = directory().file("password");
      writeFileSync(authority, TEST_AUTHORITY);
      const wish: Partial<MailSpec> = { authority, user: "muster", password: { kind: "file", path } };
      expect(await send(port, wish)).toMatchObject({ permanent: false, reason: expect.stringContaining("ENOENT") });
      writeFileSync(path, "wrong\n");
      expect(await send(port, wish)).toMatchObject({ permanent: false, reason: expect.stringContaining("535") });
      writeFileSync(path, `${PASSWORD}\n`);
      expect(await send(port, wish)).toEqual(DELIVERED);
      unlinkSync(path);
      writeFileSync(path, "");
      expect(await send(port, wish)).toMatchObject({ reason: expect.stringContaining("is empty") });
      expect(mails.map(({ user }) => user)).toEqual(["muster"]);
      const variable = { ...wish, password: { kind: "environment", variable: "NOT_SET" } } as const;
      expect(await send(port, variable)).toMatchObject({ reason: expect.stringContaining("NOT_SET") });
    }));

  test("a server that repeats the password in its reply does not make us tell it", () => {
    const complaint = (password: string) =>
      `not ${password} nor ${Buffer.from(password).toString("base64")} nor ${Buffer.from(`\0muster\0${password}`).toString("base64")}`;
    return withServer({ user: "muster", password: "another", complaint, withoutTls: true }, async ({ port }) => {
      const login = { user: "muster", password: { kind: "environment", variable: "SECRET" }, tls: "never" } as const;
      const outcome = await send(port, login, { SECRET: PASSWORD });
      expect(outcome).toMatchObject({ permanent: false, reason: expect.stringContaining("not *** nor *** nor ***") });
    });
  });

  test("a server that knows no users is said", () =>
    withServer({ withoutTls: true }, async ({ port }) => {
      const login = { user: "muster", password: { kind: "environment", variable: "SECRET" }, tls: "never" } as const;
      expect(await send(port, login, { SECRET: PASSWORD })).toMatchObject({ kind: "failed", permanent: false });
    }));
});

describe("recipients", () => {
  failOnLeaks();

  test("each has a notifier of his own with the higher of both severities; one who is named twice has one", () => {
    const recipients = [
      { address: "a@example.org", severity: "debug" },
      { address: "b@example.org", severity: "fatal" },
      { address: "b@example.org", severity: "error" },
    ] as const;
    const made = notifiersFor(25, { severity: "warn", recipients });
    expect(made.map(({ channel, recipient, severity }) => [channel, recipient, severity])).toEqual([
      ["ops", "a@example.org", "warn"],
      ["ops", "b@example.org", "error"],
    ]);
  });

  const refusals = [
    { code: 550, text: "5.1.1 no such user", permanent: true },
    { code: 550, text: "mailbox unavailable", permanent: true },
    { code: 554, text: "5.7.1 relaying denied", permanent: false },
    { code: 530, text: "authentication required", permanent: false },
    { code: 450, text: "4.2.0 greylisted", permanent: false },
    { code: 421, text: "closing", permanent: false },
  ];
  for (const { code, text, permanent } of refusals) {
    test(`${code} ${text} is ${permanent ? "for good" : "for now"}`, () =>
      withServer({ refused: { "ops@example.org": { code, text } } }, async ({ port }) => {
        expect(await send(port, PLAIN)).toMatchObject({ kind: "failed", permanent });
      }));
  }

  test("content that is refused is refused for good, a server that is full is not", async () => {
    for (const { code, permanent } of [
      { code: 554, permanent: true },
      { code: 452, permanent: false },
    ]) {
      await withServer({ refuseContent: () => ({ code, text: "no" }) }, async ({ port }) => {
        expect(await send(port, PLAIN)).toMatchObject({ kind: "failed", permanent });
      });
    }
  });
});

describe("a mail", () => {
  failOnLeaks();

  test("cannot be given headers or recipients by what is in the notice", () =>
    withServer({}, async ({ port, mails }) => {
      const evil = "x\r\nBcc: thief@example.org\r\nX-Injected: yes\r\n\r\nbody\r\n.\r\nQUIT\r\n";
      const [notifier] = notifiersFor(port, PLAIN);
      const alert = { id: evil, subject: evil, message: evil, affected: [evil] };
      const notice = { ...sampleNotice("db", { alert, host: evil }), id: evil };
      expect(await notifier?.deliver([notice], new AbortController().signal)).toEqual(DELIVERED);
      const [received] = mails;
      expect(received?.recipients).toEqual(["ops@example.org"]);
      expect(received?.mail.bcc).toBeUndefined();
      expect(headerOf(received?.mail.headers ?? [], "x-injected")).toBeUndefined();
      expect(received?.mail.text).toContain("To say that you look after it");
      expect(received?.mail.html).toBeUndefined();
    }));

  test("is marked as automatic, keeps its Message-ID when it is repeated, and the end refers to the beginning", () =>
    withServer({}, async ({ port, mails }) => {
      const [notifier] = notifiersFor(port, PLAIN);
      const deliver = (kind: "raised" | "resolved") =>
        notifier?.deliver([sampleNotice("db", { kind })], new AbortController().signal);
      for (const kind of ["raised", "raised", "resolved"] as const) expect(await deliver(kind)).toEqual(DELIVERED);
      const [first, again, last] = mails.map(({ mail }) => mail);
      expect(first?.messageId).toMatch(/^<muster\.[0-9a-f]{32}@host1>$/);
      expect(again?.messageId).toBe(first?.messageId ?? "");
      expect(last?.messageId).not.toBe(first?.messageId ?? "");
      expect([last?.inReplyTo, last?.references]).toEqual([first?.messageId, first?.messageId]);
      expect(first?.inReplyTo).toBeUndefined();
      expect([first?.subject, last?.subject]).toEqual(["DOWN db on host1", "OK db on host1 after 12m"]);
      expect(headerOf(first?.headers ?? [], "auto-submitted")).toBe("auto-generated");
      expect(headerOf(first?.headers ?? [], "x-muster-alert")).toBe("a-db");
      expect(first?.to?.map(({ address }) => address)).toEqual(["ops@example.org"]);
      expect(first?.from).toEqual({ name: "Muster", address: "muster@example.org" });
      expect(mails[0]?.sender).toBe("muster@example.org");
    }));

  test("carries what people write, as it was written", () =>
    withServer({}, async ({ port, mails }) => {
      const [notifier] = notifiersFor(port, PLAIN);
      const message = "Grüße, 日本 🎉\n.\nFrom me\n..two";
      const alert = { message, subject: "käse", kind: "said" } as const;
      const notice = sampleNotice("db", { alert });
      expect(await notifier?.deliver([notice], new AbortController().signal)).toEqual(DELIVERED);
      expect(mails[0]?.mail.subject).toBe("ERROR käse on host1: Grüße, 日本 🎉 . From me ..two");
      expect(mails[0]?.mail.text).toStartWith(`${message}\n`);
    }));
});
