type QueryValue = string | number | boolean | readonly string[] | null | undefined;

/** `?a=1&b=x&b=y`, or nothing; what is null, undefined, false or an empty list is left out. */
export function queryText(values: Readonly<Record<string, QueryValue>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === false) continue;
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
