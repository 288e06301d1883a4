import { EVENT_KINDS } from "../../src/model/event.ts";
import { cell, MADE_BY } from "./markdown.ts";

export function eventsPage(): string {
  const rows = Object.entries(EVENT_KINDS).map(
    ([kind, { severity, about }]) => `| \`${kind}\` | ${severity} | ${cell(about)} |`,
  );
  return `# Events

${MADE_BY} From \`src/model/event.ts\`.

What \`muster events\` and \`muster why\` show. An event has an id, a time, a kind, a severity, a subject (\`web:1\`, \`web\`,
\`muster\`), a message, and the id of the event that caused it. The severity here is the usual one.

| kind | severity | what happened |
|---|---|---|
${rows.join("\n")}
`;
}
