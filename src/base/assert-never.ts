/** Makes the compiler prove that a union is exhausted; throws if untyped data got here all the same. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
