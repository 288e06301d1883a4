import type { KeyChange } from "./meta.ts";

export const CHANGE_WORDS: Readonly<Record<KeyChange, string>> = {
  live: "A change touches no running instance.",
  reload: "A change reloads the service.",
  restart: "A change restarts the service.",
};
