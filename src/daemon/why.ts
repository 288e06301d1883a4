import type { Journal } from "../journal/journal.ts";
import type { Alert } from "../model/alert.ts";
import type { JournalEvent } from "../model/event.ts";
import type { WhyReport } from "../model/event-query.ts";
import type { InstanceStatus, PublicState } from "../model/status.ts";
import type { Instance } from "../services/instance.ts";

/** How far the chain of causes is followed back. */
const CHAIN_LENGTH = 12;

/**
 * Where an instance stands and how it came to that.
 * @param active all alerts that are active; those that are about it are given
 */
export async function explain(
  journal: Journal,
  instance: Instance,
  status: InstanceStatus,
  active: readonly Alert[],
): Promise<WhyReport> {
  const chain = instance.causeId === null ? [] : await journal.chain(instance.causeId, CHAIN_LENGTH);
  const words = await journal.latest(instance.name, ["instance.last-words"], 1);
  const alerts = active.filter((alert) => isAbout(alert, instance));
  return { subject: instance.name, summary: summarize(status), chain, lastWords: linesOf(words.at(-1)), alerts };
}

function isAbout({ subject, affected }: Alert, { name, spec }: Instance): boolean {
  return subject === name || subject === spec.name || affected.includes(spec.name);
}

function summarize(status: InstanceStatus): string {
  const parts = [`${status.name} ${stateInWords(status.state)} since ${status.since}`];
  if (status.reason !== null) parts.push(status.reason);
  const end = describeEnd(status);
  if (end !== null) parts.push(end);
  if (status.nextTry !== null) parts.push(`the next try is at ${status.nextTry}`);
  return parts.join("; ");
}

function stateInWords(state: PublicState): string {
  if (state === "maintenance" || state === "backoff") return `is in ${state}`;
  return state === "failed" || state === "finished" ? `has ${state}` : `is ${state}`;
}

function describeEnd({ lastExit }: InstanceStatus): string | null {
  if (lastExit === null) return null;
  const how =
    lastExit.signal !== undefined
      ? `was killed by ${lastExit.signal}${lastExit.coreDumped ? " and dumped core" : ""}${lastExit.outOfMemory ? " of the kernel, because memory had run out" : ""}`
      : lastExit.code !== undefined
        ? `ended with code ${lastExit.code}`
        : "ended unseen";
  return `its last run ${how} at ${lastExit.at}`;
}

function linesOf(event: JournalEvent | undefined): readonly string[] {
  const lines = event?.data.lines;
  return Array.isArray(lines) ? lines.map(String) : [];
}
