import * as z from "zod";
import { SEVERITIES } from "../../severity.ts";
import { command, complain, duration, text } from "./kinds.ts";

/** `[alerts.mail.<name>]` */
export const mailSchema = z.strictObject({
  server: mailServer().meta({
    description:
      "The mail server: `smtp://host:port` (without a port: 587) or `smtps://host:port` (TLS from the first byte; 465).",
    change: "live",
    example: "smtp://mail.example.com:587",
  }),
  tls: z.enum(["always", "required", "possible", "never"]).optional().meta({
    description:
      "`required`: STARTTLS or no mail; `possible`: STARTTLS where the server offers it; `never`; `always` is `smtps://`.",
    defaultInWords: '`"always"` with `smtps://`, else `"required"`',
    change: "live",
    example: "possible",
  }),
  authority: text().optional().meta({
    description: "PEM file of the authority that signed the server's certificate, relative to this file.",
    defaultInWords: "those that the system trusts",
    change: "live",
    example: "ca.pem",
  }),
  user: text().optional().meta({
    description: "User at the mail server; it needs one of the two keys that say where the password is.",
    defaultInWords: "nobody logs in",
    change: "live",
    example: "muster",
  }),
  ...secretKeys("password", "Its password"),
  from: address().optional().meta({
    description: "Whom the mails are from.",
    defaultInWords: "`muster@` and the name of the host",
    change: "live",
    example: "muster@example.com",
  }),
  to: recipients().meta({
    description: "Whom they go to: a list, or a table of addresses and from which severity on each gets them.",
    change: "live",
    example: ["ops@example.com"],
  }),
  severity: severity('`"warn"`; with a table in `to` the lowest there'),
  timeout: timeout("30s"),
});

/** `[alerts.webhook.<name>]` */
export const webhookSchema = z.strictObject({
  url: webAddress().meta({
    description: "Where a notice is posted to, as JSON.",
    change: "live",
    example: "https://chat.example.com/muster",
  }),
  ...secretKeys("secret", "The key that signs the body (HMAC-SHA256)"),
  severity: severity('`"warn"`'),
  timeout: timeout("10s"),
});

/** `[alerts.command.<name>]` */
export const commandSchema = z.strictObject({
  command: command().meta({
    description: "The command and its arguments; one with a slash is relative to this file.",
    change: "live",
    example: ["./page.sh", "--team", "ops"],
  }),
  severity: severity('`"warn"`'),
  timeout: timeout("30s"),
});

export type MailInFile = z.output<typeof mailSchema>;
export type WebhookInFile = z.output<typeof webhookSchema>;
export type CommandInFile = z.output<typeof commandSchema>;

/** `password_file` and `password_environment`, say. The secret itself has no key. */
function secretKeys<Name extends "password" | "secret">(name: Name, what: string) {
  const file = text()
    .optional()
    .meta({
      description: `${what}: what this file holds, without the line feed at its end; relative to this one. Only the daemon's user should be able to read it.`,
      defaultInWords: "none",
      change: "live",
      example: name,
    });
  const variable = environmentVariable(name)
    .optional()
    .meta({
      description: `${what}: the value of this variable in the environment of the daemon. Services do not inherit it.`,
      defaultInWords: "none",
      change: "live",
      example: `ALERT_${name.toUpperCase()}`,
    });
  return { [`${name}_file`]: file, [`${name}_environment`]: variable } as {
    [Key in `${Name}_file`]: typeof file;
  } & { [Key in `${Name}_environment`]: typeof variable };
}

/** What stands there may be the secret itself, put in the wrong place: no message repeats it. */
function environmentVariable(name: string) {
  return z.string().transform((value, context) => {
    if (/^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(value)) return value;
    return complain(
      context,
      `must be the name of a variable that holds the ${name}, as in "ALERT_${name.toUpperCase()}"`,
    );
  });
}

function severity(defaultInWords: string) {
  return z.enum(SEVERITIES).optional().meta({
    description: "It carries alerts of at least this severity.",
    defaultInWords,
    change: "live",
    example: "error",
  });
}

function timeout(fallback: string) {
  return duration({ min: "1s", max: "10m" }).prefault(fallback).meta({
    description: "How long one delivery may take; then it is tried again later.",
    change: "live",
    example: "20s",
  });
}

const DEFAULT_PORTS = { smtp: 587, smtps: 465 } as const;

function mailServer() {
  return z
    .string()
    .meta({ title: "mail server", pattern: "^smtps?://|\\$\\{" })
    .transform((value, context) => {
      const match = /^(smtps?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(\d{1,5}))?\/?$/.exec(value);
      if (match === null) return complain(context, mailServerMistake(value));
      const scheme = match[1] === "smtps" ? "smtps" : "smtp";
      const port = Number(match[3] ?? DEFAULT_PORTS[scheme]);
      if (port < 1 || port > 65_535) return complain(context, `port ${port} is not between 1 and 65535`);
      return { scheme, host: (match[2] ?? "").replace(/^\[|\]$/g, ""), port } as const;
    });
}

function mailServerMistake(value: string): string {
  const form = 'write it as in "smtp://mail.example.com:587" or "smtps://mail.example.com"';
  if (value.includes("@"))
    return `holds a user; write "user" and "password_file" as keys of their own, and here the server`;
  return `"${value}" is not a mail server; ${form}`;
}

function webAddress() {
  return z
    .string()
    .meta({ title: "web address", pattern: "^https?://|\\$\\{" })
    .transform((value, context) => {
      const url = URL.canParse(value) ? new URL(value) : null;
      if (url === null || /[\s\p{Cc}]/u.test(value) || (url.protocol !== "http:" && url.protocol !== "https:")) {
        return complain(context, `"${value}" is not a web address; write it as in "https://chat.example.com/muster"`);
      }
      if (url.username !== "" || url.password !== "") {
        return complain(
          context,
          "holds a user or a password, which this file must not; name a receiver that needs none",
        );
      }
      return value;
    });
}

/** Without display names and comments: nothing in it can begin another header. */
export function address() {
  return z.string().meta({ title: "mail address", pattern: "@|\\$\\{" }).transform(checkedAddress);
}

const ADDRESS = /^[^\s\p{Cc}@<>()[\],;:"\\]{1,64}@(?:[^\s\p{Cc}@<>()[\],;:"\\]{1,190}|\[[0-9A-Za-z:.]+\])$/u;

function checkedAddress(value: string, context: z.RefinementCtx): string {
  if (ADDRESS.test(value)) return value;
  return complain(context, `"${value}" is not a mail address; write it as in "ops@example.com"`);
}

/** Addresses in a table are looked at when the channel is resolved: as keys they have no place of their own here. */
function recipients() {
  return z.union([z.array(address()), z.record(z.string(), z.enum(SEVERITIES))]).meta({ title: "recipients" });
}

/** @returns whether the text is an address that `address()` takes */
export function isAddress(value: string): boolean {
  return ADDRESS.test(value);
}
