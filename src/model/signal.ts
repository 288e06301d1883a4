/** Signal numbers of Linux on x64 and arm64. */
export const SIGNAL_NUMBERS = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
} as const;

export type SignalName = keyof typeof SIGNAL_NUMBERS;

/** Takes `TERM`, `SIGTERM`, `term` and `15`. */
export function parseSignal(text: string): SignalName | undefined {
  const word = text.toUpperCase().replace(/^SIG/, "");
  if (Object.hasOwn(SIGNAL_NUMBERS, word)) return word as SignalName;
  return /^\d+$/.test(word) ? signalName(Number(word)) : undefined;
}

export function signalName(number: number): SignalName | undefined {
  return (Object.keys(SIGNAL_NUMBERS) as SignalName[]).find((name) => SIGNAL_NUMBERS[name] === number);
}
