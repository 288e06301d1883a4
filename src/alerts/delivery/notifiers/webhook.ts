import { createHmac } from "node:crypto";
import { ok } from "../../../base/result.ts";
import type { Notice } from "../../../model/alert.ts";
import type { WebhookSpec } from "../../../model/alerts-spec.ts";
import { DELIVERED, type DeliveryOutcome, failed, type Notifier, type Pace } from "../notifier.ts";
import { oneLine, withoutSecrets } from "../safe-text.ts";
import { readSecret } from "../secret-reader.ts";
import { deliveryKey, noticesAsJson } from "./body.ts";
import { withDeadline } from "./deadline.ts";
import type { NotifierPorts } from "./ports.ts";

const PACE: Pace = { gapMs: 0, mostNotices: 50, mostBytes: 1_000_000 };
/** Of an answer that says no, so much is looked at for a reason. */
const ANSWER_BYTES = 4_096;
/** Refusals that may be others later: time-out, too early, too many. */
const PASSING_REFUSALS = [408, 425, 429];

/** POSTs notices as JSON, signed when there is a secret. Every 2xx means that they were taken. */
export function webhookNotifier(spec: WebhookSpec, ports: NotifierPorts): Notifier {
  const { clock } = ports;
  return {
    channel: spec.name,
    recipient: null,
    severity: spec.severity,
    pace: PACE,
    deliver: (notices, signal) =>
      withDeadline({ clock, timeoutMs: spec.timeoutMs, signal }, (inner) => post(spec, notices, ports, inner)),
  };
}

async function post(
  spec: WebhookSpec,
  notices: readonly Notice[],
  ports: NotifierPorts,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  const secret = spec.secret === null ? ok(null) : await readSecret(spec.secret, ports.environment);
  if (!secret.ok) return failed(`the secret cannot be had: ${secret.error}`);
  const url = new URL(spec.url);
  const body = noticesAsJson(notices);
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const headers = new Headers({
    "Content-Type": "application/json",
    "User-Agent": "muster",
    "Idempotency-Key": deliveryKey(notices),
  });
  if (secret.value !== null) headers.set("Muster-Signature", signature(secret.value, body, ports.clock.wallMs()));
  if (url.username !== "") headers.set("Authorization", `Basic ${Buffer.from(login).toString("base64")}`);
  const hidden = [
    login,
    secret.value ?? "",
    decodeURIComponent(url.password),
    spec.url,
    `${url.pathname}${url.search}`,
  ];
  url.username = "";
  url.password = "";
  try {
    const answer = await fetch(url, { method: "POST", body, headers, redirect: "manual", signal, keepalive: false });
    const reason = await firstLine(answer, signal);
    return judge(
      answer,
      url.host,
      withoutSecrets(
        reason,
        hidden.filter((text) => text.length > 1),
      ),
    );
  } catch (error) {
    return failed(`${url.host} cannot be reached (${codeOf(error)})`);
  }
}

/** `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`: who checks it can also refuse what is old. */
export function signature(secret: string, body: string, wallMs: number): string {
  const seconds = Math.floor(wallMs / 1_000);
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}

function judge(answer: Response, host: string, reason: string): DeliveryOutcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return DELIVERED;
  if (status >= 300 && status < 400)
    return failed(`${host} answers ${status} and names another address; put that into the file`);
  const permanent = status >= 400 && status < 500 && !PASSING_REFUSALS.includes(status);
  const text = `${host} answers ${status}${reason === "" ? "" : `: ${reason}`}`;
  return failed(text, { permanent, retryAfterMs: retryAfterMs(answer) });
}

/** Both forms of the header: seconds, or a date, which is compared with the answer's own date so that no clock needs to be right. */
function retryAfterMs(answer: Response): number | null {
  const value = answer.headers.get("Retry-After")?.trim() ?? "";
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const waitMs = Date.parse(value) - Date.parse(answer.headers.get("Date") ?? "");
  return Number.isFinite(waitMs) && waitMs > 0 ? waitMs : null;
}

/** The first line of an answer that says no. Of one that says yes nothing is read. */
async function firstLine(answer: Response, signal: AbortSignal): Promise<string> {
  const reader = answer.body?.getReader();
  if (reader === undefined) return "";
  let text = "";
  const decoder = new TextDecoder();
  try {
    while (!answer.ok && text.length < ANSWER_BYTES && !signal.aborted) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, ANSWER_BYTES), { stream: true });
    }
  } catch {
    // The status is known; the words are lost.
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return oneLine(text.trimStart().split("\n", 1)[0] ?? "", 200);
}

/** Never the message: it may hold the address, and the address may hold a secret. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  return /^[\w-]{1,60}$/.test(code) ? code : "unknown error";
}
