/** Longer texts are cut in a fingerprint; what was cut away counts by its hash. */
const TEXT_LIMIT = 160;
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const ID_LENGTH = 8;

/** `said web:1 disk is nearly full`: one line whatever the text holds; texts that differ give others, also when they are long. */
export function saidFingerprint(instance: string, text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  if (line === text && text.length <= TEXT_LIMIT) return `said ${instance} ${text}`;
  return `said ${instance} ${line.slice(0, TEXT_LIMIT)} #${shortHash(text)}`;
}

/** The message of an alert: what is longer than `most` characters is cut with a mark. */
export function cutText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)} [${text.length - most} characters cut]`;
}

/** Eight characters that stand for a text: the same for the same text. Not a defence against somebody who seeks two alike. */
export function shortHash(text: string): string {
  let high = 0x9dc5;
  let low = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit ^ (low >>> 15), 0x85ebca6b) ^ (high >>> 13);
  }
  low = mix(low ^ Math.imul(high, 0x9e3779b1));
  high = mix(high ^ low);
  let id = "";
  for (let index = 0; index < ID_LENGTH; index++) {
    const bits = index < 6 ? low >>> (index * 5) : high >>> ((index - 6) * 5);
    id += ALPHABET.charAt(bits & 31);
  }
  return id;
}

function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
