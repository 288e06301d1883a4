/** The kinds of tests, the longest first, so that the two processes end at about the same time. */
export const GROUPS = [
  { name: "system", pattern: /^test\/system\/|\.system\.test\.ts$/, limitMs: 900_000 },
  { name: "chaos", pattern: /^test\/chaos\//, limitMs: 150_000 },
  { name: "end to end", pattern: /^test\/e2e\//, limitMs: 150_000 },
  { name: "unit", pattern: /^/, limitMs: 100_000 },
] as const;

export type Group = (typeof GROUPS)[number];

export function groupOf(file: string): Group {
  return GROUPS.find((group) => group.pattern.test(file)) ?? GROUPS[3];
}

/**
 * All test files under `root` in the order in which they are run.
 *
 * @param system only the system tests, which need more than a fresh machine has; else all others
 * @param filters when there are any: only files whose path contains one of them
 */
export function testFiles(root: string, system: boolean, filters: readonly string[]): string[] {
  const files = [...new Bun.Glob("{src,native,scripts,test}/**/*.test.ts").scanSync({ cwd: root })]
    .filter((file) => (groupOf(file).name === "system") === system)
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  const rank = (file: string) => GROUPS.indexOf(groupOf(file));
  return files.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}
