import { readFile } from "node:fs/promises";
import { ok, type Result } from "../../../base/result.ts";
import type { Notice } from "../../../model/alert.ts";
import type { MailSpec } from "../../../model/alerts-spec.ts";
import type { Severity } from "../../../model/severity.ts";
import { isAtLeast } from "../../../model/severity.ts";
import { mailMessage } from "../mail-message.ts";
import { type DeliveryOutcome, failed, type Notifier, type Pace } from "../notifier.ts";
import { withoutSecrets } from "../safe-text.ts";
import { readSecret } from "../secret-reader.ts";
import { withDeadline } from "./deadline.ts";
import type { MailThread } from "./mail-thread.ts";
import type { NotifierPorts } from "./ports.ts";

/** At most one mail a recipient and minute; what waits meanwhile comes together. */
const PACE: Pace = { gapMs: 60_000, mostNotices: 100, mostBytes: 2_000_000 };

/** One notifier for each recipient of a mail channel, so that one who is refused holds up no other. */
export function mailNotifiers(spec: MailSpec, ports: NotifierPorts, thread: MailThread): Notifier[] {
  const severities = new Map<string, Severity>();
  for (const { address, severity } of spec.recipients) {
    const floor = isAtLeast(severity, spec.severity) ? severity : spec.severity;
    const known = severities.get(address);
    if (known === undefined || isAtLeast(known, floor)) severities.set(address, floor);
  }
  return [...severities].map(([address, severity]) => mailNotifier(spec, { address, severity }, ports, thread));
}

function mailNotifier(
  spec: MailSpec,
  { address, severity }: MailSpec["recipients"][number],
  ports: NotifierPorts,
  thread: MailThread,
): Notifier {
  const { clock } = ports;
  return {
    channel: spec.name,
    recipient: address,
    severity,
    pace: PACE,
    deliver: (notices, signal) =>
      withDeadline({ clock, timeoutMs: spec.timeoutMs, signal }, (inner) =>
        send(spec, address, notices, ports, thread, inner),
      ),
  };
}

async function send(
  spec: MailSpec,
  recipient: string,
  notices: readonly Notice[],
  ports: NotifierPorts,
  thread: MailThread,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  const password = spec.password === null ? ok(null) : await readSecret(spec.password, ports.environment);
  if (!password.ok) return failed(`the password cannot be had: ${password.error}`);
  const authority = await readAuthority(spec.authority);
  if (!authority.ok) return failed(authority.error);
  const mail = mailMessage(notices, { from: spec.from, to: recipient, wallMs: ports.clock.wallMs() });
  const clientName = ports.host.replace(/[^A-Za-z0-9.-]/g, "") || "localhost";
  const outcome = await thread.send(
    { spec, authority: authority.value, password: password.value, clientName, recipient, mail },
    signal,
  );
  if (outcome.kind === "delivered" || password.value === null) return outcome;
  return { ...outcome, reason: withoutSecrets(outcome.reason, secretsOf(spec, password.value)) };
}

/** The password, also as it goes over the wire: a server may repeat in its reply what it was sent. */
function secretsOf({ user }: MailSpec, password: string): string[] {
  return [`\0${user}\0${password}`, `${user}\0${user}\0${password}`, password];
}

async function readAuthority(path: string | null): Promise<Result<string | null, string>> {
  if (path === null) return ok(null);
  try {
    return ok(await readFile(path, "utf8"));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    return { ok: false, error: `the authority's certificate ${path} cannot be read (${code})` };
  }
}
