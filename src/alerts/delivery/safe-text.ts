/** Text of strangers on its way to people and machines: whatever it holds is data. */

/** Control characters but tab and line feed, line and paragraph separators, and what turns the direction of reading. */
const UNSEEN = /(?![\t\n])\p{Cc}|[\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/**
 * One line without anything that moves the cursor, breaks a header or hides text; invalid surrogates become U+FFFD.
 * @param most characters; a longer text ends with `…`
 */
export function oneLine(text: string, most: number): string {
  // Cut first, for the text may be huge; what is invisible may then leave less than there is room for.
  const clean = text
    .slice(0, most * 8 + 100)
    .toWellFormed()
    .replace(UNSEEN, " ")
    .replace(/\s+/g, " ")
    .trim();
  const characters = [...clean];
  if (characters.length <= most) return clean;
  return `${characters
    .slice(0, Math.max(0, most - 1))
    .join("")
    .trimEnd()}…`;
}

/**
 * Several lines; what cannot be seen becomes a replacement character.
 * @param most characters; what is cut off is counted at the end
 */
export function manyLines(text: string, most: number): string {
  const lines = text.replace(/\r\n?/g, "\n");
  const shown = lines.slice(0, most).toWellFormed().replace(UNSEEN, "\ufffd");
  return lines.length <= most ? shown : `${shown}\n[${lines.length - most} more characters]`;
}

/** Takes secrets out of what somebody else wrote, who may have repeated them: also as base64 writes them. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let safe = text;
  for (const secret of secrets) {
    if (secret === "") continue;
    for (const form of [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)]) {
      safe = safe.replaceAll(form, "***");
    }
  }
  return safe;
}
