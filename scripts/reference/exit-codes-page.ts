import { EXIT_CODE_MEANINGS } from "../../src/cli/exit-codes.ts";
import { catalogueEntries } from "./errors-page.ts";
import { cell, MADE_BY } from "./markdown.ts";

export function exitCodesPage(): string {
  const rows = EXIT_CODE_MEANINGS.map(([exitCode, meaning]) => {
    const codes = catalogueEntries().filter(([, entry]) => entry.exitCode === exitCode);
    return `| ${exitCode} | ${cell(meaning)} | ${codes.map(([code]) => `\`${code}\``).join(", ")} |`;
  });
  return `# Exit codes

${MADE_BY} The errors are those of [errors.md](errors.md).

| code | means | errors |
|---|---|---|
${rows.join("\n")}

The exit code of a service with \`key = true\` becomes that of \`muster up\`, whatever it is.
`;
}
