import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** Others read it: the collector runs as its own user. */
const FILE_MODE = 0o644;

/**
 * OpenMetrics in the older text format, the only one that the textfile collector reads: there a counter is named with
 * its `_total`, and `# UNIT` and `# EOF` do not exist. Both formats write samples alike.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function toTextfile(openMetrics: string): string {
  const lines = openMetrics.split("\n");
  const counters = new Set(lines.flatMap((line) => /^# TYPE (\S+) counter$/.exec(line)?.[1] ?? []));
  const converted = lines.flatMap((line) => {
    const [, keyword = "", name = "", rest = ""] = /^# (\S+)(?: (\S+) (.*))?$/.exec(line) ?? [];
    if (keyword === "EOF" || keyword === "UNIT") return [];
    if (keyword === "" || !counters.has(name)) return [line];
    return [`# ${keyword} ${name}_total ${rest}`];
  });
  return converted.join("\n");
}

/**
 * Puts the file in place as a whole, readable for all. Its name plus `.new`, which no collector reads, is used on the
 * way. Throws what the system says; what was there before then stays.
 */
export function writeForAll(path: string, text: string): void {
  const fresh = `${path}.new`;
  try {
    rmSync(fresh, { force: true });
    const descriptor = openSync(fresh, "wx", FILE_MODE);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    chmodSync(fresh, FILE_MODE);
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}
