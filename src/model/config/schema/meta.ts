/** What applying a changed value does to a running instance. */
export type KeyChange = "live" | "reload" | "restart";

declare module "zod" {
  interface GlobalMeta {
    /** Every key that a file can set carries it; comparison, JSON Schema and reference page are derived from it. */
    change?: KeyChange;
    /** The value names files; what a changed content of them does. */
    content?: KeyChange;
    /** The names of the keys below stay as they are in a resolved spec. */
    verbatim?: boolean;
    /** A valid value that is not the default; also tried by the tests. */
    example?: unknown;
    /** For the JSON Schema only: editors check it, we check with a better message. */
    pattern?: string;
    /** In words, where the default is not a constant. */
    defaultInWords?: string;
  }
}
