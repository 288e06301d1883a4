import { CodedError } from "../../base/coded-error.ts";
import { ALERT_ERRORS } from "./alerts.ts";
import { API_ERRORS } from "./api.ts";
import { CLI_ERRORS } from "./cli.ts";
import { CONFIG_ERRORS } from "./config.ts";
import { DAEMON_ERRORS } from "./daemon.ts";
import type { ErrorEntry } from "./entry.ts";
import { LOG_ERRORS } from "./logs.ts";
import { SERVICE_ERRORS } from "./services.ts";
import { SPEAKING_ERRORS } from "./speaking.ts";

/** Every error that a user can see. A code is never reused for another meaning. */
export const ERROR_CATALOGUE = {
  ...SERVICE_ERRORS,
  ...DAEMON_ERRORS,
  ...API_ERRORS,
  ...CONFIG_ERRORS,
  ...CLI_ERRORS,
  ...LOG_ERRORS,
  ...SPEAKING_ERRORS,
  ...ALERT_ERRORS,
} as const;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

type DataOf<Code extends ErrorCode> = Parameters<(typeof ERROR_CATALOGUE)[Code]["message"]>[0];

/** Makes the coded error `code`; the message comes from the catalogue, so that equal errors read equally everywhere. */
export function codedError<Code extends ErrorCode>(code: Code, data: DataOf<Code>, cause?: unknown): CodedError {
  const message = (ERROR_CATALOGUE[code].message as ErrorEntry<DataOf<Code>>["message"])(data);
  return new CodedError(code, message, { data: data as Readonly<Record<string, unknown>>, cause });
}

/** The catalogue line of an error's code; undefined for codes that are not ours (a newer daemon's, say). */
export function catalogueEntry(code: string): { readonly status: number; readonly exitCode: number } | undefined {
  return Object.hasOwn(ERROR_CATALOGUE, code) ? ERROR_CATALOGUE[code as ErrorCode] : undefined;
}
