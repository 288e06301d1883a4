import { createHash } from "node:crypto";
import type { Notice } from "../../model/alert.ts";
import { mailText } from "./mail-text.ts";
import { byImportance, mailSubject } from "./mail-words.ts";
import { oneLine } from "./safe-text.ts";

/** A mail before it is put into the form of RFC 5322. */
export interface MailMessage {
  readonly from: string;
  readonly to: string;
  readonly date: Date;
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** No header names more notices than this. */
const MOST_IDS = 20;

/**
 * The mail that tells one recipient of these notices. The same notices give the same Message-ID, so that a mail which is delivered
 * twice can be recognised; what follows on a raised alert refers to the mail that raised it.
 */
export function mailMessage(
  notices: readonly Notice[],
  { from, to, wallMs }: { from: string; to: string; wallMs: number },
): MailMessage {
  const [first] = notices.toSorted(byImportance);
  if (first === undefined) throw new Error("a mail without a notice");
  const root = notices.length === 1 && first.kind !== "raised" ? raisedId(first, to) : null;
  return {
    from,
    to,
    date: new Date(wallMs),
    subject: mailSubject(notices),
    text: mailText(notices),
    messageId: messageIdOf(notices, first, to),
    inReplyTo: root,
    references: root === null ? [] : [root],
    headers: {
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      "X-Muster-Host": value(first.host),
      "X-Muster-Kind": notices.length === 1 ? first.kind : "digest",
      "X-Muster-Severity": first.alert.severity,
      "X-Muster-Alert": value(
        notices
          .slice(0, MOST_IDS)
          .map(({ alert }) => alert.id)
          .join(" "),
      ),
      "X-Muster-Notice": value(
        notices
          .slice(0, MOST_IDS)
          .map(({ id }) => id)
          .join(" "),
      ),
      "X-Muster-Notices": String(notices.length),
    },
  };
}

function messageIdOf(notices: readonly Notice[], first: Notice, to: string): string {
  if (notices.length === 1 && first.kind === "raised") return raisedId(first, to);
  return makeId(["notices", ...notices.map(({ id }) => id)], first.host, to);
}

/** An alert is raised once, so its id and its kind say as much as the notice's. */
function raisedId({ alert, host }: Notice, to: string): string {
  return makeId(["raised", alert.id], host, to);
}

function makeId(parts: readonly string[], host: string, to: string): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([...parts, to]))
    .digest("hex")
    .slice(0, 32);
  const domain = host.replace(/[^A-Za-z0-9.-]/g, "").replace(/^[.-]+|[.-]+$|\.(?=\.)/g, "");
  return `<muster.${hash}@${domain === "" ? "muster.invalid" : domain.slice(0, 200)}>`;
}

/** For a header: printable ASCII in one line. */
function value(text: string): string {
  return oneLine(text, 900).replace(/[^\x20-\x7e]/g, "?");
}
