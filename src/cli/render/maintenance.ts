import { formatDurationRough } from "../../base/duration.ts";
import { parseRfc3339 } from "../../base/rfc3339.ts";
import type { MaintenanceStatus } from "../../model/status.ts";
import type { CommandContext } from "../context.ts";
import { safeText } from "./safe-text.ts";
import { fit, type Measure } from "./width.ts";

const BAR_CELLS = 10;
/** Below this many cells a text says too little to be worth its place beside the numbers. */
const TEXT_CELLS = 8;
const MINUTE_MS = 60_000;

export interface MaintenanceStyle {
  /** blocks instead of plain ASCII */
  readonly blocks: boolean;
  readonly measure: Measure;
}

/** Blocks only where colours are wanted and the terminal's character set has them. */
export function wantsBlocks(context: Pick<CommandContext, "colour" | "environment">): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = context.environment;
  return context.colour && /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}

/**
 * `40 % ████░░░░░░ rebuilding index, about 3m left`: how far, what, and how long yet, as far as these are known.
 * @param cells room there is; the text gives way first, then the bar
 */
export function maintenanceLine(
  maintenance: MaintenanceStatus,
  nowMs: number,
  style: MaintenanceStyle,
  cells: number = Number.POSITIVE_INFINITY,
): string {
  const percent = percentText(maintenance);
  const bar = percent === "" ? "" : ` ${progressBar(maintenance.progress ?? 0, style.blocks)}`;
  const rest = restText(maintenance, nowMs);
  const text = safeText(maintenance.text ?? "");
  const whole = joinParts(percent + bar, text, rest);
  if (style.measure(whole) <= cells) return whole;
  for (const head of [percent + bar, percent]) {
    const room = cells - style.measure(joinParts(head, "", rest)) - 1;
    if (room >= TEXT_CELLS || text === "")
      return fit(joinParts(head, fit(text, room, style.measure), rest), cells, style.measure);
  }
  return fit(joinParts(percent, text, ""), cells, style.measure);
}

/** The same where lines are written one below the other: without the bar and the estimate. */
export function maintenanceWords(maintenance: MaintenanceStatus): string {
  return joinParts(percentText(maintenance), safeText(maintenance.text ?? ""), "");
}

/** Changes when a further line is worth it: with the text, and every ten percent. */
export function maintenanceStep({ progress, text }: MaintenanceStatus): string {
  return `${progress === null ? "" : Math.floor(clamp(progress) / 10)} ${text ?? ""}`;
}

export function progressBar(progress: number, blocks: boolean): string {
  const full = Math.floor((clamp(progress) / 100) * BAR_CELLS);
  const [done, open] = blocks ? ["█", "░"] : ["#", "."];
  const bar = done.repeat(full) + open.repeat(BAR_CELLS - full);
  return blocks ? bar : `[${bar}]`;
}

function joinParts(head: string, text: string, rest: string): string {
  const words = [head, text].filter((part) => part !== "").join(" ");
  if (rest === "") return words;
  return words === "" ? rest : `${words}, ${rest}`;
}

function percentText({ progress }: MaintenanceStatus): string {
  return progress === null ? "" : `${Math.floor(clamp(progress))} %`;
}

function restText({ endExpectedAt }: MaintenanceStatus, nowMs: number): string {
  const endMs = endExpectedAt === null ? undefined : parseRfc3339(endExpectedAt);
  if (endMs === undefined) return "";
  const restMs = endMs - nowMs;
  if (restMs < 1_000) return "about to end";
  const stepMs = restMs < MINUTE_MS ? 1_000 : MINUTE_MS;
  return `about ${formatDurationRough(Math.round(restMs / stepMs) * stepMs)} left`;
}

function clamp(progress: number): number {
  return Math.min(100, Math.max(0, progress));
}
