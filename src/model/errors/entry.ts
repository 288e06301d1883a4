/** One line of the error catalogue. */
export interface ErrorEntry<Data> {
  /** HTTP status of the API's answer. */
  readonly status: number;
  /** Exit code of the command line (see `docs/reference/exit-codes.md`). */
  readonly exitCode: 1 | 2 | 3 | 4;
  /** "cannot <do> <what>: <why>; <what to do or what happens next>" */
  readonly message: (data: Data) => string;
}

export function entry<Data extends Readonly<Record<string, unknown>>>(
  status: number,
  exitCode: ErrorEntry<Data>["exitCode"],
  message: (data: Data) => string,
): ErrorEntry<Data> {
  return { status, exitCode, message };
}

/** ": did you mean x?" when there is a near name, else nothing. */
export function suggestion(nearest: string | undefined): string {
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
}
