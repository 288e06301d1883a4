/** Exit codes of every command; part of the contract with scripts. */
export const EXIT = {
  well: 0,
  failed: 1,
  usage: 2,
  notWell: 3,
  noDaemon: 4,
} as const;

export const EXIT_CODE_MEANINGS: readonly (readonly [number, string])[] = [
  [EXIT.well, "done and well"],
  [EXIT.failed, "failed or refused, or left with Ctrl-C before its end was seen"],
  [EXIT.usage, "wrong usage or configuration, unknown name, pattern without a match"],
  [EXIT.notWell, "done, but something that should be up is not well"],
  [EXIT.noDaemon, "no daemon answers"],
];
