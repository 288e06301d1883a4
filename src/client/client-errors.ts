import { CodedError } from "../base/coded-error.ts";
import { codedError } from "../model/errors/catalogue.ts";

/** What went wrong on the way to an answer, or while it was read, as the user is told. */
export function connectionError(error: unknown, socketPath: string): CodedError {
  if (error instanceof CodedError) return error;
  const code = codeOf(error);
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ECONNREFUSED":
    case "ENOTSOCK":
    // A path that is too long for a socket: the two words of Bun and Node for it.
    case "ENAMETOOLONG":
    case "EINVAL":
      return codedError("no-daemon", { socket: socketPath }, error);
    case "EACCES":
    case "EPERM":
      return codedError("socket-not-permitted", { socket: socketPath }, error);
    case "ECONNRESET":
    case "EPIPE":
      return codedError("connection-lost", { reason: "the connection ended before the answer did" }, error);
    default:
      return codedError("connection-lost", { reason: error instanceof Error ? error.message : String(error) }, error);
  }
}

/** The error that the daemon answered with, under its own code: also one that this client does not know. */
export function refusal(status: number, body: string): CodedError {
  const error = errorIn(parseJson(body));
  return error ?? codedError("answer-unreadable", { reason: `status ${status} without an error in it` });
}

/** `{ error: { code, message, data } }`, or undefined when `value` is something else. */
export function errorIn(value: unknown): CodedError | undefined {
  const error = property(value, "error");
  const [code, message, data] = [property(error, "code"), property(error, "message"), property(error, "data")];
  if (typeof code !== "string" || typeof message !== "string") return undefined;
  return new CodedError(code, message, { data: isRecord(data) ? data : {} });
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw codedError("answer-unreadable", { reason: "it is not JSON" }, error);
  }
}

function codeOf(error: unknown): string | undefined {
  const code = property(error, "code");
  if (typeof code === "string") return code;
  const cause = property(error, "cause");
  return cause === undefined ? undefined : codeOf(cause);
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
