import { ERROR_CATALOGUE } from "../../src/model/errors/catalogue.ts";
import type { ErrorEntry } from "../../src/model/errors/entry.ts";
import { cell, MADE_BY } from "./markdown.ts";
import { sampleData } from "./sample-data.ts";

type AnyEntry = ErrorEntry<Readonly<Record<string, unknown>>>;

/** Every code with its entry, in the order of the alphabet. */
export function catalogueEntries(): [code: string, entry: AnyEntry][] {
  const entries = Object.entries(ERROR_CATALOGUE) as unknown as [string, AnyEntry][];
  return entries.sort(([a], [b]) => a.localeCompare(b));
}

/** The message of an error, its facts shown as `<name>`. */
export function sampleMessage(entry: AnyEntry): string {
  return entry.message(sampleData());
}

export function errorsPage(): string {
  const rows = catalogueEntries().map(
    ([code, entry]) => `| \`${code}\` | ${cell(sampleMessage(entry))} | ${entry.exitCode} | ${entry.status} |`,
  );
  return `# Errors

${MADE_BY} From \`src/model/errors/\`.

Every error that a user can see has a code that never changes its meaning. With \`--json\` it is the member \`code\` of
\`error\`, beside \`message\` and \`data\`, whose members are what stands in \`<…>\` here. \`exit\` is the exit code of the command
line, \`status\` the status of the API's answer.

| code | message | exit | status |
|---|---|---|---|
${rows.join("\n")}
`;
}
