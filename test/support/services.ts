/** Services for tests of the whole product, as data for `Product`. */

type Keys = Readonly<Record<string, unknown>>;

/** Ready as soon as it was seen to live. */
export const AT_ONCE = { start: { wait: "1ms" } };
/** The time between restarts is none that a test could notice. */
export const EAGER = { backoff: { free: 1_000, first: "1ms", spread: 0 } };
/** Lives until it is ended. */
export const STEADY = { ...AT_ONCE, command: ["sleep", "1000"] };

/** Keeps the `$$` and `${…}` of a shell from being those of a configuration. */
export function verbatim(text: string): string {
  return text.replaceAll("$$", () => "$$$$").replaceAll("${", () => "$${");
}

/** A program in `sh`. */
export function script(text: string, keys: Keys = {}): Keys {
  return { ...AT_ONCE, command: ["sh", "-c", verbatim(text)], ...keys };
}

/** A program that does not mind the stop signal. */
export function stubborn(keys: Keys = {}): Keys {
  return script('trap "" TERM; echo armed; while :; do sleep 1000; done', {
    ready: { line: "armed" },
    stop: { wait: "100ms" },
    ...keys,
  });
}

/** `s0`, `s1`, …: services that live until they are ended, of which the first few are started by themselves. */
export function manyServices(count: number, started: number): Readonly<Record<string, Keys>> {
  const names = Array.from({ length: count }, (_, index) => [`s${index}`, { ...STEADY, autostart: index < started }]);
  return Object.fromEntries(names);
}
