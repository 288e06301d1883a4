import { nearest } from "../../base/nearest.ts";
import { EVENT_KINDS, type EventKind } from "../../model/event.ts";
import type { EventQuery } from "../../model/event-query.ts";
import { SEVERITIES } from "../../model/severity.ts";
import type { Command } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { eventLineRenderer } from "../event-lines.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { jsonLines } from "../output.ts";
import { readCount, readMoment } from "../read-options.ts";
import { readStream } from "../read-stream.ts";
import { usageError } from "../usage-error.ts";

const USUAL_EVENTS = 100;
const COMMAND = "muster events";
/** The most that the API gives at once. */
const MOST_EVENTS = 10_000;

export const eventsCommand: Command = {
  name: "events",
  group: "health",
  summary: "show what happened",
  details:
    'Without -n and --since the newest 100 are shown, never more than 10000 at once. A --kind may end with a star: "instance.*".',
  arguments: [],
  options: [
    { long: "follow", short: "f", about: "go on with what happens from now on" },
    { long: "lines", short: "n", value: "count", about: "only the newest so many" },
    { long: "subject", value: "name", about: "only those of web (and its instances), web:1 or muster" },
    { long: "kind", value: "kind", repeatable: true, about: "only this kind; may be given several times" },
    { long: "severity", value: "severity", choices: SEVERITIES, about: "only this severity and worse" },
    { long: "since", value: "time", about: "1h (back from now) or 2026-11-20T12:00:00+01:00" },
    { long: "until", value: "time", about: "the same, for the end" },
    { long: "service", value: "name", about: "the same as --subject" },
    { long: "mark", value: "text", about: "write this line into the journal" },
  ],
  examples: [
    { line: "muster events --severity error --since 1d", about: "what went wrong today" },
    { line: "muster events -f --subject web --json", about: "a service's life, one JSON object a line" },
    { line: "muster events --mark 'deployed 2.4'", about: "a line to find again" },
  ],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  if (input.has("mark")) return await mark(context, input);
  const query = toQuery(context, input);
  if (input.has("follow") && query.until !== null) {
    throw usageError(COMMAND, '"--until" is of no use with "--follow"');
  }
  const render = context.json ? jsonLines : await eventLineRenderer(context);
  const client = await context.client();
  if (input.has("follow")) {
    await readStream(
      context,
      (signal) => client.followEvents(query, { signal }),
      (event) => context.stdout.write(render([event])),
    );
  } else {
    const events = await client.events(query);
    context.stdout.write(render(events));
    if (input.text("lines") === null && events.length === MOST_EVENTS) {
      context.stderr.write(
        `only the newest ${MOST_EVENTS} are shown; "--until ${events[0]?.time}" shows earlier ones\n`,
      );
    }
  }
  return EXIT.well;
}

const FILTERS = ["follow", "lines", "subject", "service", "kind", "severity", "since", "until"];

async function mark(context: CommandContext, input: CommandInput): Promise<number> {
  const filter = FILTERS.find((option) => input.has(option));
  if (filter !== undefined) throw usageError(COMMAND, `"--mark" and "--${filter}" exclude each other`);
  const client = await context.client();
  const event = await client.mark(input.text("mark") ?? "");
  context.stdout.write(context.json ? jsonLines([event]) : (await eventLineRenderer(context))([event]));
  return EXIT.well;
}

function readSubject(input: CommandInput): string | null {
  const [subject, service] = [input.text("subject"), input.text("service")];
  if (subject !== null && service !== null) throw usageError(COMMAND, '"--service" is the same as "--subject"');
  return subject ?? service;
}

function toQuery(context: CommandContext, input: CommandInput): EventQuery {
  const nowMs = context.nowMs();
  const since = readMoment(COMMAND, input, "since", nowMs);
  const kinds = input.texts("kind").flatMap(kindsOf);
  const severity = input.text("severity");
  return {
    subject: readSubject(input),
    kinds: kinds.length === 0 ? null : kinds,
    severity: SEVERITIES.find((candidate) => candidate === severity) ?? null,
    since,
    until: readMoment(COMMAND, input, "until", nowMs),
    limit: readLimit(input, since === null ? USUAL_EVENTS : MOST_EVENTS),
  };
}

function readLimit(input: CommandInput, usual: number): number {
  const limit = readCount(COMMAND, input, "lines", usual) ?? MOST_EVENTS + 1;
  if (limit > MOST_EVENTS) throw usageError(COMMAND, `"--lines" takes at most ${MOST_EVENTS}`);
  return limit;
}

function kindsOf(pattern: string): readonly EventKind[] {
  const known = Object.keys(EVENT_KINDS) as EventKind[];
  const found = known.filter((kind) =>
    pattern.endsWith("*") ? kind.startsWith(pattern.slice(0, -1)) : kind === pattern,
  );
  if (found.length === 0) throw usageError(COMMAND, `there is no kind "${pattern}"`, nearest(pattern, known));
  return found;
}
