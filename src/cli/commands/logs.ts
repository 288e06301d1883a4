import type { LogQuery } from "../../model/log-line.ts";
import { type Command, targets } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { CommandInput } from "../input.ts";
import { logLineRenderer } from "../log-lines.ts";
import { jsonLines } from "../output.ts";
import { readCount, readMoment } from "../read-options.ts";
import { readStream } from "../read-stream.ts";

const USUAL_LINES = 100;

export const logsCommand: Command = {
  name: "logs",
  group: "output",
  summary: "show what services wrote, merged by time",
  details:
    "Without -n, --since, --since-start or --grep the last 100 lines are shown. Control characters are shown as \\x1b; --raw gives only what the program wrote.",
  arguments: [targets(false)],
  options: [
    { long: "follow", short: "f", about: "go on with what is written from now on" },
    { long: "lines", short: "n", value: "count", about: 'only the last so many lines, or "all"' },
    { long: "since", value: "time", about: "10m (back from now) or 2026-11-20T12:00:00+01:00" },
    { long: "since-start", about: "only what the current run of each instance wrote" },
    { long: "grep", value: "pattern", about: "only lines that match this regular expression" },
    { long: "stream", value: "stream", choices: ["out", "err"], about: "only standard output (out) or error (err)" },
    { long: "raw", about: "the bare lines, without time and name" },
  ],
  examples: [
    { line: "muster logs -f web worker", about: "two services, as they write" },
    { line: "muster logs --since 10m --grep 'timeout|refused'", about: "what went wrong lately" },
    { line: "muster logs -n all --since-start --raw web:1", about: "the output of one run, for a file" },
  ],
  execute,
};

async function execute(context: CommandContext, input: CommandInput): Promise<number> {
  const query = toQuery(context, input);
  const render = context.json ? jsonLines : logLineRenderer(context, input.has("raw"));
  const client = await context.client();
  await readStream(
    context,
    (signal) => client.logs(query, signal),
    (lines) => context.stdout.write(render(lines)),
  );
  return EXIT.well;
}

function toQuery(context: CommandContext, input: CommandInput): LogQuery {
  const since = readMoment("muster logs", input, "since", context.nowMs());
  const narrowed = since !== null || input.has("since-start") || input.has("grep");
  const stream = input.text("stream");
  return {
    targets: input.words,
    lines: readCount("muster logs", input, "lines", narrowed ? null : USUAL_LINES),
    follow: input.has("follow"),
    since,
    sinceStart: input.has("since-start"),
    grep: input.text("grep"),
    stream: stream === "out" || stream === "err" ? stream : null,
  };
}
