/**
 * Stands for whatever an error message is made from, so that the message can be shown without its facts: every member
 * reads as its own name in angle brackets, also as an element of a list; durations, which are computed with, are ten seconds.
 */
export function sampleData(): Readonly<Record<string, unknown>> {
  return new Proxy({}, { get: (_, name) => sample(String(name)), has: () => true });
}

const SAMPLE_DURATION_MS = 10_000;

function sample(name: string): unknown {
  if (name.endsWith("Ms")) return SAMPLE_DURATION_MS;
  const word = `<${name}>`;
  const members: Readonly<Record<string | symbol, unknown>> = {
    length: 2,
    join: () => word,
    map: () => sample(name),
    toString: () => word,
    [Symbol.toPrimitive]: () => word,
  };
  return new Proxy({}, { get: (_, member) => (member in members ? members[member] : sample(String(member))) });
}
