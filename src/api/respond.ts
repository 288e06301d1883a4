import { CodedError } from "../base/coded-error.ts";
import { catalogueEntry, codedError } from "../model/errors/catalogue.ts";
import { UnreadBytes } from "./stream/unread-bytes.ts";

/** What fits into the buffer of a unix socket needs nobody to take it. */
const LARGE_CHARACTERS = 65_536;

/**
 * A whole answer of status 200.
 * @param unreadLimitMs a client that takes nothing of a large answer for so long is cut off, so that it frees our memory
 * @param onCutOff called then
 */
export function textResponse(text: string, contentType: string, unreadLimitMs: number, onCutOff: () => void): Response {
  const headers = { "content-type": contentType };
  if (text.length < LARGE_CHARACTERS) return new Response(text, { headers });
  const unread: UnreadBytes = new UnreadBytes({
    limitMs: unreadLimitMs,
    onStuck() {
      unread.destroy();
      onCutOff();
    },
    onDrained: () => {},
    onCancelled: () => {},
  });
  unread.push(text);
  unread.finish();
  return new Response(unread.stream, { headers });
}

/** `{ error: { code, message, data } }` with the catalogue's status. */
export function errorResponse(error: CodedError): Response {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (error.code === "method-not-allowed") headers.allow = String(error.data.allowed).replaceAll(",", ", ");
  // What was refused unread is still on its way; the connection cannot be used again.
  if (error.code === "request-too-large") headers.connection = "close";
  const status = catalogueEntry(error.code)?.status ?? 500;
  return new Response(JSON.stringify({ error: errorBody(error) }), { status, headers });
}

export function errorBody(error: CodedError): { code: string; message: string; data: unknown } {
  return { code: error.code, message: error.message, data: error.data };
}

/** Coded errors stay what they are; anything else is a fault of ours. */
export function asCodedError(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  return codedError("internal-fault", { reason: error instanceof Error ? error.message : String(error) }, error);
}
