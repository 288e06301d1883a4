/** Services for tests of the whole product, as data for `Product`. */

type Keys = Readonly<Record<string, unknown>>;

/** Ready as soon as it was seen to live. */
export const AT_ONCE = { start: { wait: "1ms" } };
/** The time between restarts is none that a test could notice. */
export const EAGER = { backoff: { free: 1_000, first: "1ms", spread: 0 } };
/** Lives until it is ended. */
export const STEADY = { ...AT_ONCE, command: ["sleep", "1000"] };

/** A program in `sh`. The `$$` of a shell is kept from being the escaped `$` of a configuration. */
export function script(text: string, keys: Keys = {}): Keys {
  return { ...AT_ONCE, command: ["sh", "-c", text.replaceAll("$$", () => "$$$$")], ...keys };
}

/** A program that does not mind the stop signal. */
export function stubborn(keys: Keys = {}): Keys {
  return script('trap "" TERM; echo armed; while :; do sleep 1000; done', {
    ready: { line: "armed" },
    stop: { wait: "100ms" },
    ...keys,
  });
}
