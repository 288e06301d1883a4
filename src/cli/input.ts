/** What the user wrote behind a verb, sorted; made by `parseArguments`. */
export interface InputParts {
  readonly words: readonly string[];
  readonly program: readonly string[] | null;
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, readonly string[]>;
}

export class CommandInput {
  /** the arguments in order; the parser has made sure that the required ones are there */
  readonly words: readonly string[];
  /** the command line after `--`; null: there was none */
  readonly program: readonly string[] | null;
  private readonly flags: ReadonlySet<string>;
  private readonly values: ReadonlyMap<string, readonly string[]>;

  constructor(parts: InputParts) {
    this.words = parts.words;
    this.program = parts.program;
    this.flags = parts.flags;
    this.values = parts.values;
  }

  has(option: string): boolean {
    return this.flags.has(option) || this.values.has(option);
  }

  /** The value given last, or null. */
  text(option: string): string | null {
    return this.values.get(option)?.at(-1) ?? null;
  }

  texts(option: string): readonly string[] {
    return this.values.get(option) ?? [];
  }

  word(index: number): string {
    return this.words[index] ?? "";
  }
}
