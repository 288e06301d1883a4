/** A text that a regular expression matches as it stands: no character of it has a meaning of its own. */
export function isLiteral(pattern: string): boolean {
  return !/[\\^$.|?*+()[\]{}]/.test(pattern);
}

/** Why `pattern` is no regular expression; undefined when it is one. */
export function patternFault(pattern: string): string | undefined {
  try {
    new RegExp(pattern);
    return undefined;
  } catch (fault) {
    return (fault as Error).message;
  }
}
