/** One test as the runner's JUnit file tells it. */
export interface TestCase {
  /** its groups and its name, joined by " > " */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** what stands after ", skipped: " in the name; null when it stands nowhere */
  readonly skipReason: string | null;
}

/** What the runner calls a hook that failed; hooks that passed are not told. */
const UNNAMED = "(unnamed)";

/** Reads the JUnit file that `bun test --reporter=junit` writes. */
export function readTestCases(xml: string): TestCase[] {
  return [...xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(
    ([, attributes = "", body = ""]) => {
      const fullName = [attribute(attributes, "classname"), attribute(attributes, "name")].filter(Boolean).join(" > ");
      if (fullName.endsWith(UNNAMED))
        return {
          name: `${fullName.slice(0, -UNNAMED.length)}a hook beside the tests`,
          outcome: "failed",
          skipReason: null,
        };
      const outcome = /<(failure|error)\b/.test(body) ? "failed" : body.includes("<skipped") ? "skipped" : "passed";
      const [name = fullName, skipReason = null] = fullName.split(", skipped: ");
      return { name, outcome, skipReason };
    },
  );
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replace(/&(#\d+|\w+);/g, (whole, entity: string) => {
    if (entity.startsWith("#")) return String.fromCodePoint(Number(entity.slice(1)));
    return ENTITIES[entity] ?? whole;
  });
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
