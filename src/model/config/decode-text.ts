import { err, ok, type Result } from "../../base/result.ts";
import type { Place } from "./problem.ts";

/** Decodes UTF-8 and takes nothing else; the error is the place of the first byte that does not fit. */
export function decodeText(bytes: Uint8Array): Result<string, Place> {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return err(firstBadByte(bytes));
  }
}

function firstBadByte(bytes: Uint8Array): Place {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  let column = 1;
  for (let index = 0; index < bytes.length; index++) {
    let signs: string;
    try {
      signs = decoder.decode(bytes.subarray(index, index + 1), { stream: true });
    } catch {
      break;
    }
    if (signs === "\n") {
      line++;
      column = 1;
    } else column += signs.length;
  }
  return { line, column };
}
