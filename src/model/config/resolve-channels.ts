import type { CommandSpec, MailSpec, Secret, WebhookSpec } from "../alerts-spec.ts";
import { isAtLeast, SEVERITIES, type Severity } from "../severity.ts";
import { type Complain, resolveCommand } from "./resolve-values.ts";
import { type CommandInFile, isAddress, type MailInFile, type WebhookInFile } from "./schema/channels.ts";

/** Where a channel stands. */
export interface ChannelPlace {
  readonly hostName: string;
  absolute(path: string): string;
  /** takes paths below the channel */
  readonly complain: Complain;
  warn(message: string): void;
}

const USUAL_SEVERITY: Severity = "warn";

export function resolveMail(name: string, file: MailInFile, place: ChannelPlace): MailSpec {
  const { host, port } = file.server;
  const password = resolveSecret("password", [file.password_file, file.password_environment], place);
  if (file.user !== undefined && password === null) {
    place.complain(["user"], `has no password; write "password_file" or "password_environment" beside it`);
  }
  if (file.user === undefined && password !== null) {
    const key = password.kind === "file" ? "password_file" : "password_environment";
    place.complain([key], `is a password of nobody; write "user" beside it`);
  }
  const severity = file.severity ?? lowestOf(file.to);
  const spec: MailSpec = {
    kind: "mail",
    name,
    host,
    port,
    tls: resolveTls(file, place.complain),
    authority: file.authority === undefined ? null : place.absolute(file.authority),
    user: file.user ?? null,
    password,
    from: file.from ?? `muster@${place.hostName}`,
    recipients: resolveRecipients(file, severity, place.complain),
    severity,
    timeoutMs: file.timeout,
  };
  if (password !== null && spec.tls === "never" && !isLoopback(host)) {
    place.warn(`with tls = "never" the password goes over the network unencrypted; write "required"`);
  }
  return spec;
}

export function resolveWebhook(name: string, file: WebhookInFile, place: ChannelPlace): WebhookSpec {
  return {
    kind: "webhook",
    name,
    url: file.url,
    secret: resolveSecret("secret", [file.secret_file, file.secret_environment], place),
    severity: file.severity ?? USUAL_SEVERITY,
    timeoutMs: file.timeout,
  };
}

export function resolveCommandChannel(name: string, file: CommandInFile, place: ChannelPlace): CommandSpec {
  const [program = "", ...rest] = resolveCommand(file.command, false, ["command"], place.complain);
  return {
    kind: "command",
    name,
    command: [program.includes("/") ? place.absolute(program) : program, ...rest],
    severity: file.severity ?? USUAL_SEVERITY,
    timeoutMs: file.timeout,
  };
}

function resolveSecret(
  name: "password" | "secret",
  [path, variable]: readonly [string | undefined, string | undefined],
  { absolute, complain }: ChannelPlace,
): Secret | null {
  if (path !== undefined && variable !== undefined) {
    complain([`${name}_environment`], `stands beside "${name}_file", and only one can hold; remove one of the two`);
  }
  if (path !== undefined) return { kind: "file", path: absolute(path) };
  return variable === undefined ? null : { kind: "environment", variable };
}

function resolveTls({ server, tls }: MailInFile, complain: Complain): MailSpec["tls"] {
  if (server.scheme === "smtps" && tls !== undefined && tls !== "always") {
    complain(["tls"], `"${tls}" is not for "smtps://", which is TLS from the first byte; remove it or write "smtp://"`);
  }
  if (server.scheme === "smtp" && tls === "always") {
    complain(["tls"], `"always" is not for "smtp://"; write "smtps://" in "server", or "required" here`);
  }
  return tls ?? (server.scheme === "smtps" ? "always" : "required");
}

function resolveRecipients({ to }: MailInFile, severity: Severity, complain: Complain): MailSpec["recipients"] {
  const entries = Array.isArray(to) ? to.map((address) => [address, severity] as const) : Object.entries(to);
  if (entries.length === 0) complain(["to"], `names nobody; write an address, as in ["ops@example.com"]`);
  for (const [address, from] of entries) {
    if (!isAddress(address)) {
      complain(["to", address], `"${address}" is not a mail address; write it as in "ops@example.com"`);
    } else if (!isAtLeast(from, severity)) {
      complain(["to", address], `"${from}" is below the "severity" of the channel, "${severity}"; lower that one`);
    }
  }
  return [...new Map(entries)].map(([address, from]) => ({ address, severity: from }));
}

function lowestOf(to: MailInFile["to"]): Severity {
  const named = Array.isArray(to) ? [] : Object.values(to);
  return SEVERITIES.find((severity) => named.includes(severity)) ?? USUAL_SEVERITY;
}

/** https://www.rfc-editor.org/rfc/rfc6761#section-6.3 and the loopback addresses */
function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
