import { nearest } from "../../base/nearest.ts";

export const PLACEHOLDERS = ["service", "instance", "port"] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** `{{`, or a name in braces; a brace after a dollar is the shell's own. */
const PATTERN = /\{\{|(?<!\$)\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Fills the placeholders of a text. Unknown ones stay as they are: a loaded configuration has none. */
export function fillText(text: string, values: Readonly<Record<Placeholder, string>>): string {
  if (!text.includes("{")) return text;
  return text.replaceAll(PATTERN, (whole, name?: string) => {
    if (name === undefined) return "{";
    return isPlaceholder(name) ? values[name] : whole;
  });
}

/** What is wrong with the placeholders of a text. @param hasPort whether the service has a port that `{port}` could mean */
export function placeholderMistakes(text: string, hasPort: boolean): readonly { message: string; needle: string }[] {
  if (!text.includes("{")) return [];
  const mistakes: { message: string; needle: string }[] = [];
  for (const [whole, name] of text.matchAll(PATTERN)) {
    if (name === undefined) continue;
    if (!isPlaceholder(name)) mistakes.push({ message: unknownPlaceholder(name), needle: whole });
    else if (name === "port" && !hasPort) {
      mistakes.push({ message: `"{port}" stands for nothing: the service has no "port"; give it one`, needle: whole });
    }
  }
  return mistakes;
}

/** Makes a text stand for itself. */
export function escapePlaceholders(text: string): string {
  return text.replaceAll(/\{(?=\{)|(?<!\$)\{(?=[A-Za-z_][A-Za-z0-9_]*\})/g, "{{");
}

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}

function unknownPlaceholder(name: string): string {
  const near = nearest(name, PLACEHOLDERS);
  const hint =
    near === undefined ? `there are {service}, {instance} and {port}; "{{" is a brace` : `did you mean "{${near}}"?`;
  return `"{${name}}" is not a placeholder; ${hint}`;
}
