/** `1 notice`, `2 notices`: for things whose plural takes an s. */
export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
