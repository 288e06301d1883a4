import { readFile, rename } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import type { Alert } from "../model/alert.ts";
import { appendToFile } from "./files.ts";

/** A file is put aside for a new one when it is larger; the one that was aside until then goes. */
const FILE_BYTES = 4_000_000;
const KEEP_MS = 7 * 86_400_000;
const MOST_LISTED = 10_000;
/** Then others have their turn. */
const LINES_AT_ONCE = 500;

/**
 * Alerts that are over, kept on disk for the list: a line of JSON each, in two files of at most 4 MB. They are not held in
 * memory. One that is added twice, because a daemon died in between, is listed once.
 */
export class PastAlerts {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Rejects with what the system says; the same alerts may then be added again. */
  async add(alerts: readonly Alert[]): Promise<void> {
    const lines = alerts.map((alert) => `${JSON.stringify(alert)}\n`).join("");
    // A line that a dying daemon cut short ends here.
    const bytes = await appendToFile(this.path, `\n${lines}`);
    if (bytes > FILE_BYTES) await rename(this.path, this.older);
  }

  /**
   * At most 7 days old and 10 000, in the order of their ends, oldest first. What cannot be read is left out.
   * @param unwritten those that ended last and may not be on disk
   */
  async list(nowMs: number, unwritten: readonly Alert[]): Promise<readonly Alert[]> {
    const found = new Map<string, Alert>();
    for (const path of [this.older, this.path]) {
      for (const [index, line] of (await textOf(path)).split("\n").entries()) {
        if (index % LINES_AT_ONCE === LINES_AT_ONCE - 1) await setImmediate();
        const alert = parseAlert(line);
        if (alert === undefined || nowMs - Date.parse(alert.resolvedAt ?? "") > KEEP_MS) continue;
        found.delete(alert.id);
        found.set(alert.id, alert);
      }
    }
    for (const alert of unwritten) found.set(alert.id, alert);
    return [...found.values()].slice(-MOST_LISTED);
  }

  private get older(): string {
    return `${this.path}.1`;
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}

function parseAlert(line: string): Alert | undefined {
  if (line === "") return undefined;
  try {
    const alert: Partial<Alert> | null = JSON.parse(line);
    const isWhole = typeof alert?.id === "string" && typeof alert.resolvedAt === "string" && "lastEvent" in alert;
    return isWhole ? (alert as Alert) : undefined;
  } catch {
    return undefined;
  }
}
