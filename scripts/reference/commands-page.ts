import { COMMAND_GROUPS, type Command } from "../../src/cli/command.ts";
import { renderCommandHelp } from "../../src/cli/help.ts";
import { loadAllCommands } from "../../src/cli/registry.ts";
import { cell, MADE_BY } from "./markdown.ts";

export async function commandsPage(): Promise<string> {
  const commands = await loadAllCommands();
  const groups = COMMAND_GROUPS.map((group) => groupSection(group, commands)).join("\n");
  return `# Commands

${MADE_BY} From \`src/cli/commands/\`; the same as \`muster <command> --help\`.

${groups}`;
}

function groupSection(group: string, commands: readonly Command[]): string {
  const members = commands.filter((command) => command.group === group);
  const rows = members.map(({ name, summary }) => `| [\`${name}\`](#muster-${name}) | ${cell(summary)} |`);
  const details = members.map(
    (command) => `### muster ${command.name}\n\n${indent(renderCommandHelp(command, Number.POSITIVE_INFINITY))}\n`,
  );
  return `## ${group}\n\n| command | |\n|---|---|\n${rows.join("\n")}\n\n${details.join("\n")}`;
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? "" : `    ${line}`))
    .join("\n");
}
