import { err, ok, type Result } from "../../base/result.ts";

/** Reads `item=value;;item2=value2`; a value may hold `=`. The error is a sentence's second half. */
export function parseEnvironmentString(text: string): Result<Record<string, string>, string> {
  const environment: Record<string, string> = Object.create(null);
  for (const item of text.split(";;")) {
    if (item.trim() === "") continue;
    const equals = item.indexOf("=");
    if (equals < 1) return err(`"${item}" is not "item=value"; write "item=value;;item2=value2"`);
    environment[item.slice(0, equals).trim()] = item.slice(equals + 1);
  }
  return ok(environment);
}

/** Set by Muster for each instance; a file that set them would be overruled. */
const OWN_NAMES = [
  "MUSTER_SERVICE",
  "MUSTER_INSTANCE",
  "MUSTER_SOCKET",
  "MUSTER_TOKEN",
  "NOTIFY_SOCKET",
  "LISTEN_FDS",
  "LISTEN_PID",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
];

/** What is wrong with the name of a variable for a program; undefined when nothing is. */
export function environmentNameMistake(name: string): string | undefined {
  if (name === "" || /[=\s]/.test(name))
    return `"${name}" is not a name of a variable; it is empty or holds "=" or a space`;
  if (OWN_NAMES.includes(name)) return `"${name}" is set by muster itself; remove it`;
  return undefined;
}
