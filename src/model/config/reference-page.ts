import * as z from "zod";
import { formatToml } from "./format-toml.ts";
import { configurationJsonSchema, type JsonSchema } from "./json-schema.ts";
import { PLACEHOLDERS } from "./placeholders.ts";
import { alertsSchema } from "./schema/alerts.ts";
import { daemonSchema } from "./schema/daemon.ts";
import { fileSchema, serviceSchema } from "./schema/file.ts";
import { listKeys, metaOf, type SchemaKey, shapeOf, unwrap } from "./schema-tree.ts";
import { UNSUPPORTED } from "./unsupported.ts";

/** Tables of the file that have a section of their own. */
const SECTIONS: readonly string[] = ["services", "daemon", "alerts"];

const HEAD = `# Configuration

Made from the schema in \`src/model/config/schema/\` by \`npm run reference\`: do not edit it by hand. The same as JSON Schema
for editors: [muster.schema.json](muster.schema.json).

A file is TOML. Durations are \`"500ms"\`, \`"10s"\`, \`"2m"\`, \`"1h30m"\`, \`"7d"\`; sizes \`"64MB"\` (powers of ten) or \`"64MiB"\`
(powers of two). Relative paths begin at the file they stand in. An unknown key is an error.

\`\${NAME}\` in a string is the value of a variable: first of \`[variables]\` in the file, then in the file that includes it,
then of the daemon's environment. \`\${NAME:-default}\` has a value for when it is not set or empty; \`$$\` is a dollar. Where
a whole number is wanted, a string that holds one will do.

${PLACEHOLDERS.map((name) => `\`{${name}}\``).join(", ")} are filled in per instance in commands, \`environment\`, \`environment_file\`, \`directory\`,
\`ready.script\`, \`reload.files\` and \`log.archive\`; \`{{\` is a brace, and a brace after a dollar is the shell's own.

A limit is one value, or \`[soft, hard]\`; \`"unlimited"\` is none. Limits in bytes take sizes, those of time durations.

*Change* says what \`muster apply\` does to a running instance when the value has changed: **live**, it is not touched;
**reload**, it is reloaded; **restart**, it is restarted. A change of \`instances\` starts or stops only those that are more or
less. What \`[daemon]\` and \`[alerts]\` say touches no service.

A password has no key: it stands in a file of its own or in the environment of the daemon, is read when it is needed,
and is kept nowhere.
`;

/** The Markdown page of all keys. */
export function configurationReference(): string {
  const schema = configurationJsonSchema();
  const service = propertyAt(schema, ["services"]).additionalProperties as JsonSchema;
  const top = Object.entries(shapeOf(fileSchema)).filter(([name]) => !SECTIONS.includes(name));
  const topKeys = top.map(([name, each]) => ({
    path: [name],
    schema: each,
    meta: metaOf(each),
    open: false,
    verbatim: false,
  }));
  const refused = UNSUPPORTED.map(
    ({ path, value }) => `\`${path.join(".")}${value === undefined ? "" : ` = "${value}"`}\``,
  );
  return [
    HEAD,
    section("The file", topKeys, schema),
    section("`[services.<name>]`", listKeys(serviceSchema), service),
    `Known and not supported by this version: ${refused.join(", ")}.\n`,
    section("`[daemon]`", listKeys(daemonSchema), propertyAt(schema, ["daemon"])),
    ...alertsSections(propertyAt(schema, ["alerts"])),
  ].join("\n");
}

function alertsSections(schema: JsonSchema): readonly string[] {
  const keys = listKeys(alertsSchema);
  const channels = keys.filter((key) => key.open);
  const rest = keys.filter((key) => !key.open);
  return [section("`[alerts]`", rest, schema), ...channels.map((key) => channelSection(key, schema))];
}

function channelSection({ path, schema, meta }: SchemaKey, alerts: JsonSchema): string {
  const [kind = ""] = path;
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodRecord)) throw new Error(`${kind} is no table of channels`);
  const channel = propertyAt(alerts, path).additionalProperties as JsonSchema;
  const [title, ...rows] = section(`\`[alerts.${kind}.<name>]\``, listKeys(inner.def.valueType), channel).split("\n");
  return [title, "", meta.description, ...rows].join("\n");
}

function section(title: string, keys: readonly SchemaKey[], schema: JsonSchema): string {
  const rows = keys.map((key) => row(key, propertyAt(schema, key.path)));
  return `## ${title}\n\n| key | value | default | change | |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
}

function row(key: SchemaKey, property: JsonSchema): string {
  const { meta } = key;
  const fallback = property.default;
  const constant = fallback === undefined ? "" : `\`${formatToml(fallback)}\``;
  const content = meta.content === undefined ? "" : ` (content: ${meta.content})`;
  const example = meta.example === undefined ? "" : ` Example: \`${formatToml(meta.example)}\`.`;
  const cells = [
    `\`${key.path.join(".")}\``,
    typeWords(property),
    meta.defaultInWords ?? constant,
    `${meta.change ?? ""}${content}`,
    `${meta.description ?? ""}${example}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function typeWords(property: JsonSchema): string {
  if (Array.isArray(property.enum)) return property.enum.map((value) => `\`"${value}"\``).join(", ");
  if (typeof property.title === "string") return property.title + rangeWords(property);
  if (Array.isArray(property.anyOf)) return [...new Set(property.anyOf.map(typeWords))].join(" or ");
  if (property.type === "array") return `list (${typeWords(property.items as JsonSchema)})`;
  if (property.type === "object") return "table";
  return property.type === "integer" ? "whole number" : String(property.type);
}

function propertyAt(schema: JsonSchema, path: readonly string[]): JsonSchema {
  return path.reduce<JsonSchema>((at, name) => (at.properties as Record<string, JsonSchema>)[name] ?? {}, schema);
}

function rangeWords(property: JsonSchema): string {
  const [number] = Array.isArray(property.anyOf) ? (property.anyOf as JsonSchema[]) : [];
  return number?.minimum === undefined ? "" : `, ${number.minimum} to ${number.maximum}`;
}
