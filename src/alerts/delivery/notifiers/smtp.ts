import { once } from "node:events";
import type { MailSpec } from "../../../model/alerts-spec.ts";
import type { MailMessage } from "../mail-message.ts";
import { DELIVERED, type DeliveryOutcome, failed } from "../notifier.ts";
import { oneLine } from "../safe-text.ts";
import type { MailJob } from "./mail-job.ts";

/** How long a server that has been told QUIT may keep the connection. */
const CLOSING_MS = 500;
/** More than any reply of a mail server has. */
const LARGEST_REPLY_BYTES = 65_536;

type SmtpConnection = import("nodemailer/lib/smtp-connection").default;

/** What nodemailer's errors say besides the message. */
interface SmtpError extends Error {
  readonly code?: string;
  readonly originalCode?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/**
 * Hands one mail to the server, over a connection of its own. The library is loaded by the first mail.
 * @param tell is told what became of the mail as soon as that is known; the parting from the server comes after
 */
export async function sendOverSmtp(
  job: MailJob,
  signal: AbortSignal,
  tell: (outcome: DeliveryOutcome) => void,
): Promise<void> {
  const { default: Connection } = await import("nodemailer/lib/smtp-connection");
  const composed = await compose(job.mail);
  if (signal.aborted) return tell(failed("it was broken off"));
  const connection = new Connection(connectionOptions(job));
  const { promise: broken, reject } = Promise.withResolvers<never>();
  const abort = () => {
    reject(new Error("it was broken off"));
    connection.close();
  };
  connection.on("error", reject);
  connection.once("end", () => reject(new Error("the server closed the connection")));
  broken.catch(() => undefined);
  signal.addEventListener("abort", abort);
  try {
    await Promise.race([converse(connection, job, composed), broken]);
    tell(DELIVERED);
    await sayGoodbye(connection);
  } catch (error) {
    tell(explain(error as SmtpError, job.spec));
  } finally {
    signal.removeEventListener("abort", abort);
    connection.close();
  }
}

function connectionOptions({ spec, authority, clientName }: MailJob) {
  const { timeoutMs } = spec;
  // Without a password and an authority of its own, STARTTLS where offered keeps listeners away and proves nobody: as mail servers
  // do among themselves. Everything else wants a certificate that holds.
  const isChecked = spec.tls !== "possible" || authority !== null || spec.password !== null;
  return {
    host: spec.host,
    port: spec.port,
    name: clientName,
    secure: spec.tls === "always",
    requireTLS: spec.tls === "required",
    ignoreTLS: spec.tls === "never",
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    socketCloseTimeout: CLOSING_MS,
    maxResponseSize: LARGEST_REPLY_BYTES,
    tls: {
      minVersion: "TLSv1.2" as const,
      rejectUnauthorized: isChecked,
      ...(authority === null ? {} : { ca: authority }),
    },
  };
}

async function converse(
  connection: SmtpConnection,
  { spec, password, recipient }: MailJob,
  { sender, message }: ComposedMail,
): Promise<void> {
  await called((done) => connection.connect(done));
  if (spec.user !== null && password !== null) {
    if (spec.tls !== "never" && !connection.secure) {
      throw new Error('it offers no TLS, and the password is not sent in the clear; with tls = "never" it would be');
    }
    if (!connection.allowsAuth) throw new Error("it takes no user and password; remove them from the file");
    await called((done) => connection.login({ user: spec.user ?? "", pass: password }, done));
  }
  await called((done) => connection.send({ from: sender, to: [recipient] }, message, done));
}

/** The mail is there: what goes wrong with the parting is not waited for. */
async function sayGoodbye(connection: SmtpConnection): Promise<void> {
  const ended = once(connection, "end", { signal: AbortSignal.timeout(CLOSING_MS) }).catch(() => undefined);
  connection.quit();
  await ended;
}

/** The library calls back with an error, with null, or with nothing. */
function called(call: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()));
  });
}

/**
 * Only what concerns this very mail is permanent: its recipient is not known there (but not: is not relayed to, which the operator
 * can mend), or its content is refused. All else may work after a while, or when the file or the server was repaired.
 */
function explain(error: SmtpError, spec: MailSpec): DeliveryOutcome {
  const where = `${spec.host}:${spec.port}`;
  const reply = error.response === undefined ? "" : `: ${oneLine(error.response, 200)}`;
  const isRefused = (error.responseCode ?? 0) >= 500 && error.responseCode !== 503 && error.responseCode !== 530;
  const isPolicy = /^\d{3}[ -]5\.7\./.test(error.response ?? "");
  if (error.code === "EAUTH") return failed(`${where} does not take the user and the password${reply}`);
  if (error.command === "RCPT TO") {
    return failed(`${where} does not take the recipient${reply}`, { permanent: isRefused && !isPolicy });
  }
  if (error.command === "DATA") return failed(`${where} does not take the mail${reply}`, { permanent: isRefused });
  if (error.command === "MAIL FROM") return failed(`${where} does not take the sender ${spec.from}${reply}`);
  if (error.code === "ETIMEDOUT") return failed(`${where} did not answer in time`);
  if (error.code === "EDNS") return failed(`the address of ${spec.host} cannot be found`);
  return failed(`${where}: ${oneLine(error.message, 300)}`);
}

interface ComposedMail {
  readonly sender: string;
  readonly message: Buffer;
}

/** Puts the mail into the form of RFC 5322. Nothing in it can make the library read a file or an address. */
async function compose(mail: MailMessage): Promise<ComposedMail> {
  const { default: Composer } = await import("nodemailer/lib/mail-composer");
  const node = new Composer({
    from: mail.from,
    to: mail.to,
    date: mail.date,
    subject: mail.subject,
    text: mail.text,
    messageId: mail.messageId,
    inReplyTo: mail.inReplyTo ?? undefined,
    references: [...mail.references],
    headers: mail.headers,
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  return { sender: node.getEnvelope().from || "", message: await node.build() };
}
