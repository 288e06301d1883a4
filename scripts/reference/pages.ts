import { ERROR_CATALOGUE } from "../../src/model/errors/catalogue.ts";
import type { ErrorEntry } from "../../src/model/errors/entry.ts";
import { EVENT_KINDS } from "../../src/model/event.ts";
import { sampleData } from "./sample-data.ts";

type AnyEntry = ErrorEntry<Readonly<Record<string, unknown>>>;

export interface Page {
  /** from the tree's root */
  readonly path: string;
  readonly text: string;
}

/** The reference pages that are made from the source. */
export function referencePages(): Page[] {
  return [
    { path: "docs/reference/errors.md", text: errorsPage() },
    { path: "docs/reference/events.md", text: eventsPage() },
    { path: "docs/reference/exit-codes.md", text: exitCodesPage() },
  ];
}

/** Every code with its entry, in the order of the alphabet. */
export function catalogueEntries(): [code: string, entry: AnyEntry][] {
  const entries = Object.entries(ERROR_CATALOGUE) as unknown as [string, AnyEntry][];
  return entries.sort(([a], [b]) => a.localeCompare(b));
}

/** The message of an error, its facts shown as `<name>`. */
export function sampleMessage(entry: AnyEntry): string {
  return entry.message(sampleData());
}

const MADE_FROM = "Made by `npm run reference`; do not edit.";

function errorsPage(): string {
  const rows = catalogueEntries().map(
    ([code, entry]) => `| \`${code}\` | ${cell(sampleMessage(entry))} | ${entry.exitCode} | ${entry.status} |`,
  );
  return `# Errors

${MADE_FROM} From \`src/model/errors/\`.

Every error that a user can see has a code that never changes its meaning. With \`--json\` it is the member \`code\` of
\`error\`, beside \`message\` and \`data\`, whose members are what stands in \`<…>\` here. \`exit\` is the exit code of the command
line, \`status\` the status of the API's answer.

| code | message | exit | status |
|---|---|---|---|
${rows.join("\n")}
`;
}

function eventsPage(): string {
  const rows = Object.entries(EVENT_KINDS).map(
    ([kind, { severity, about }]) => `| \`${kind}\` | ${severity} | ${cell(about)} |`,
  );
  return `# Events

${MADE_FROM} From \`src/model/event.ts\`.

What \`muster events\` and \`muster why\` show. An event has an id, a time, a kind, a severity, a subject (\`web:1\`, \`web\`,
\`muster\`), a message, and the id of the event that caused it. The severity here is the usual one.

| kind | severity | what happened |
|---|---|---|
${rows.join("\n")}
`;
}

const EXIT_CODES: Readonly<Record<number, string>> = {
  0: "done, and all is well",
  1: "the operation failed or was refused; `up` on a state directory that is in use",
  2: "usage or configuration error, unknown name, pattern without a match",
  3: "done, but something that should be up is not well",
  4: "no daemon answers",
};

function exitCodesPage(): string {
  const rows = Object.entries(EXIT_CODES).map(([exitCode, meaning]) => {
    const codes = catalogueEntries().filter(([, entry]) => entry.exitCode === Number(exitCode));
    return `| ${exitCode} | ${meaning} | ${codes.map(([code]) => `\`${code}\``).join(", ")} |`;
  });
  return `# Exit codes

${MADE_FROM} The errors are those of [errors.md](errors.md).

| code | means | errors |
|---|---|---|
${rows.join("\n")}

The exit code of a service with \`key = true\` becomes that of \`muster up\`, whatever it is.
`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", "<br>").replaceAll("<", "&lt;").replaceAll("&lt;br>", "<br>");
}
