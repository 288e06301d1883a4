import { usageError } from "../usage-error.ts";

const SHORT_CHARACTERS = 6;
/** A shorter end is no name for anything. */
const LEAST_CHARACTERS = 4;

/** The end of an id, which tells alerts apart as well as the whole of it and can be read aloud. */
export function shortId(id: string): string {
  return id.slice(-SHORT_CHARACTERS);
}

/**
 * The id that a person means by the whole of it or by its end. What fits none of `ids` is given back as it is: the
 * daemon says that it knows no such one. Throws `usage-wrong` when it fits several.
 */
export function resolveId(command: string, word: string, ids: readonly string[]): string {
  if (ids.includes(word) || word.length < LEAST_CHARACTERS) return word;
  const found = ids.filter((id) => id.endsWith(word.toLowerCase()));
  if (found.length > 1) throw usageError(command, `"${word}" is the end of several ids: ${found.join(", ")}`);
  return found[0] ?? word;
}
