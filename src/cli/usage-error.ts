import type { CodedError } from "../base/coded-error.ts";
import { codedError } from "../model/errors/catalogue.ts";

/** @param command as the user would write it: `muster logs` */
export function usageError(command: string, reason: string, nearest?: string | undefined): CodedError {
  return codedError("usage-wrong", { command, reason, nearest });
}
