/**
 * An error that a caller can tell from others by its code and that a person can read.
 * Message form: "cannot <do> <what>: <why>; <what to do or what happens next>".
 */
export class CodedError extends Error {
  readonly code: string;
  /** Facts for programs (JSON), never secrets. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; data?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CodedError";
    this.code = code;
    this.data = options.data ?? {};
  }
}
