import type { AddressInfo } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { TEST_CERTIFICATE, TEST_KEY } from "./mail-certificate.ts";

export interface ReceivedMail {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly isEncrypted: boolean;
  /** who had signed in; null: nobody */
  readonly user: string | null;
  /** as it came over the wire */
  readonly raw: string;
  readonly mail: Email;
}

export interface MailServerWish {
  /** only with these does it take mail */
  readonly user?: string;
  readonly password?: string;
  /** what it says to a wrong password, besides 535 */
  readonly complaint?: (password: string) => string;
  /** recipients that it refuses, with a code each */
  readonly refused?: Readonly<Record<string, { readonly code: number; readonly text: string }>>;
  /** refuses the content of a mail */
  readonly refuseContent?: (raw: string) => { readonly code: number; readonly text: string } | null;
  /** TLS from the first byte */
  readonly secure?: boolean;
  /** no STARTTLS; passwords are taken in the clear */
  readonly withoutTls?: boolean;
  /** runs when a mail is there, before it is acknowledged */
  readonly onMail?: (mail: ReceivedMail) => void;
  /** where to listen: 0 and 127.0.0.1 unless given; the certificate is of that address only */
  readonly port?: number;
  readonly address?: string;
}

export interface MailServer {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  /** ends all connections too */
  close(): Promise<void>;
}

/** A real mail server on loopback that keeps what it gets. */
export async function startMailServer(wish: MailServerWish = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({ ...optionsOf(wish), onData: takeMail(wish, mails) });
  server.on("error", () => {
    // A client that breaks off is what some tests are about.
  });
  await new Promise<void>((resolve) => server.listen(wish.port ?? 0, wish.address ?? "127.0.0.1", resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    close: () => {
      for (const connection of server.connections) connection.close();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function optionsOf(wish: MailServerWish): SMTPServerOptions {
  return {
    secure: wish.secure ?? false,
    cert: TEST_CERTIFICATE,
    key: TEST_KEY,
    name: "mail.test",
    disableReverseLookup: true,
    closeTimeout: 100,
    authOptional: wish.user === undefined,
    ...(wish.withoutTls ? { disabledCommands: ["STARTTLS"], allowInsecureAuth: true } : {}),
    onAuth: (auth, _session, done) => {
      if (auth.username === wish.user && auth.password === wish.password) done(null, { user: auth.username });
      else done(refusal(535, wish.complaint?.(auth.password ?? "") ?? "wrong user or password"));
    },
    onRcptTo: ({ address }, _session, done) => {
      const refused = wish.refused?.[address];
      done(refused === undefined ? null : refusal(refused.code, refused.text));
    },
  };
}

function takeMail(wish: MailServerWish, mails: ReceivedMail[]): NonNullable<SMTPServerOptions["onData"]> {
  return async (stream, session, done) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const raw = bytes.toString("latin1");
    const refused = wish.refuseContent?.(raw) ?? null;
    if (refused !== null) {
      done(refusal(refused.code, refused.text));
      return;
    }
    const { envelope } = session;
    const received: ReceivedMail = {
      sender: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
      recipients: envelope.rcptTo.map(({ address }) => address),
      isEncrypted: session.secure,
      user: typeof session.user === "string" ? session.user : null,
      raw,
      mail: await PostalMime.parse(bytes),
    };
    mails.push(received);
    wish.onMail?.(received);
    done(null, "taken");
  };
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}
