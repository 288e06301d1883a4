/** One thing that `muster doctor` looked at. */
export interface Finding {
  /** a name for programs: `state-directory` */
  readonly check: string;
  readonly outcome: "ok" | "warning" | "failed";
  /** what was seen, in words */
  readonly seen: string;
  /** what to do about it; null: nothing */
  readonly advice: string | null;
}

export function ok(check: string, seen: string): Finding {
  return { check, outcome: "ok", seen, advice: null };
}

export function warning(check: string, seen: string, advice: string): Finding {
  return { check, outcome: "warning", seen, advice };
}

export function failed(check: string, seen: string, advice: string): Finding {
  return { check, outcome: "failed", seen, advice };
}
