import type { CodedError } from "../base/coded-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { codedError } from "../model/errors/catalogue.ts";
import { malformed } from "./read-parameters.ts";
import type { Schema } from "./schema/schema.ts";

export interface BodyLimit {
  readonly bytes: number;
  /** how long it may take to come */
  readonly ms: number;
}

/**
 * The JSON body of a request. One that is too large is refused by its length before a byte of it is read, or, when it
 * does not say its length, as soon as it is over; what has come until then is all that is ever held.
 */
export async function readBody(
  request: Request,
  schema: Schema<unknown>,
  limit: BodyLimit,
): Promise<Result<unknown, CodedError>> {
  if (Number(request.headers.get("content-length") ?? 0) > limit.bytes) return tooLarge(limit);
  const bytes = await readWithin(request.body, limit);
  if (!bytes.ok) return bytes;
  const parsed = parse(bytes.value);
  if (!parsed.ok) return parsed;
  const problem = schema.problem(parsed.value, "");
  return problem === null ? parsed : err(malformed(problem));
}

async function readWithin(
  body: ReadableStream<Uint8Array> | null,
  limit: BodyLimit,
): Promise<Result<Buffer, CodedError>> {
  const chunks: Uint8Array[] = [];
  if (body === null) return ok(Buffer.alloc(0));
  const reader = body.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {});
  }, limit.ms);
  try {
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (late) return err(malformed({ field: "", what: `its body did not come within ${limit.ms}ms` }));
      if (done) return ok(Buffer.concat(chunks));
      length += value.length;
      if (length > limit.bytes) {
        reader.cancel().catch(() => {});
        return tooLarge(limit);
      }
      chunks.push(value);
    }
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(limit: BodyLimit): Result<never, CodedError> {
  return err(codedError("request-too-large", { limitBytes: limit.bytes }));
}

function parse(bytes: Buffer): Result<unknown, CodedError> {
  if (bytes.length === 0) return err(malformed({ field: "", what: "its body is empty, JSON is expected" }));
  try {
    return ok(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return err(malformed({ field: "", what: `its body is not JSON (${reason})` }));
  }
}
