import { type LoadedConfiguration, loadConfiguration } from "../load.ts";
import type { ConfigurationReader } from "../reader.ts";

export type Texts = Readonly<Record<string, string | Uint8Array>>;

/** A disk of texts under `/etc/muster`; `globs` says what a pattern stands for. */
export function textReader(texts: Texts, globs: Readonly<Record<string, readonly string[]>> = {}): ConfigurationReader {
  const inner = (path: string): string => path.replace("/etc/muster/", "");
  return {
    read: async (path) => {
      const text = texts[inner(path)];
      if (text === undefined) return { ok: false, error: "there is no such file" };
      return { ok: true, value: typeof text === "string" ? new TextEncoder().encode(text) : text };
    },
    glob: async (pattern) => (globs[inner(pattern)] ?? []).map((path) => `/etc/muster/${path}`),
    digest: async (path) => {
      const text = texts[inner(path)];
      return text === undefined ? null : `digest of ${text}`;
    },
    secretDoubt: async (path) => (texts[inner(path)] === undefined ? `${path} is not there` : null),
    hostName: "host.example.com",
  };
}

/** Loads `main.toml` of these texts; throws its message when it is refused. */
export async function loadTexts(
  texts: string | Texts,
  options: { globs?: Readonly<Record<string, readonly string[]>>; environment?: Readonly<Record<string, string>> } = {},
): Promise<LoadedConfiguration> {
  const files = typeof texts === "string" ? { "main.toml": texts } : texts;
  const loaded = await loadConfiguration(
    "/etc/muster/main.toml",
    textReader(files, options.globs),
    options.environment ?? {},
  );
  if (!loaded.ok) throw loaded.error;
  return loaded.value;
}

/** The lines of what is wrong, the directory left out; empty when nothing is. */
export async function mistakesIn(...parameters: Parameters<typeof loadTexts>): Promise<readonly string[]> {
  try {
    await loadTexts(...parameters);
    return [];
  } catch (error) {
    const { problems } = (error as { data: { problems: readonly string[] } }).data;
    return problems.map((line) => line.replaceAll("/etc/muster/", ""));
  }
}
