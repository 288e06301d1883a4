import type { Schema } from "./schema.ts";

/** Without `readonly`, all the way down, so that two spellings of one shape become one type. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * Ties a schema to a type of the model: does not compile when a key, its type, or whether it may be missing differs.
 * Use: `modelled<StatusReport>()(objectOf({ … }))`.
 */
export function modelled<Model>() {
  return <T>(
    schema: Schema<T> & (Same<Plain<T>, Plain<Model>> extends true ? unknown : { readonly differsFromModel: never }),
  ): Schema<Model> => schema as Schema<unknown> as Schema<Model>;
}
