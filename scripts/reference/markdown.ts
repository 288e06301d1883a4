export const MADE_BY = "Made by `npm run reference`; do not edit.";

/** A text as the cell of a table. */
export function cell(text: string): string {
  return text.replaceAll("<", "&lt;").replaceAll("|", "\\|").replaceAll("\n", "<br>");
}
