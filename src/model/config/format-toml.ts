/** A value as it may stand after `key =` in a file. */
export function formatToml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatToml).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, each]) => `${formatKey(key)} = ${formatToml(each)}`);
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  return typeof value === "string" ? quote(value) : String(value);
}

export function formatKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : quote(key);
}

/** A basic string. JSON has the same escapes, save that TOML wants DEL escaped too. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}
