const SGR = {
  red: "31",
  green: "32",
  yellow: "33",
  blue: "34",
  magenta: "35",
  cyan: "36",
  dim: "2",
  bold: "1",
} as const;
export type Colour = keyof typeof SGR;

/** Colours a text, or leaves it alone: made once per command from whether colours are wanted. */
export type Paint = (colour: Colour | null, text: string) => string;

export function painter(enabled: boolean): Paint {
  return (colour, text) => (enabled && colour !== null && text !== "" ? `\x1b[${SGR[colour]}m${text}\x1b[0m` : text);
}

const NAME_COLOURS: readonly Colour[] = ["cyan", "green", "magenta", "blue", "yellow"];

/** The same name has the same colour everywhere, also in another terminal tomorrow. */
export function nameColour(name: string): Colour {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return NAME_COLOURS[sum % NAME_COLOURS.length] ?? "cyan";
}
