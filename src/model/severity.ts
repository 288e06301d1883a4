/** In rising order. `error`: something failed; `fatal`: a person is needed (supervision itself is hurt or gave up). */
export const SEVERITIES = ["debug", "info", "warn", "error", "fatal"] as const;
export type Severity = (typeof SEVERITIES)[number];

export function isAtLeast(severity: Severity, floor: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(floor);
}
