import * as z from "zod";
import type { KeyPath } from "./problem.ts";
import "./schema/meta.ts";

/** A key that a file can set, as the schema knows it. */
export interface SchemaKey {
  readonly path: readonly string[];
  readonly schema: z.ZodType;
  readonly meta: z.GlobalMeta;
  /** a table of names that the user chooses (`environment`) */
  readonly open: boolean;
  /** stands below a table that says so: its name in a spec is that of the file */
  readonly verbatim: boolean;
}

/** The shape inside defaults, options and conversions: what a file may hold. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return unwrap(schema.def.innerType);
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.def.in) : schema;
}

/** All keys below a table, groups resolved: `stop.wait`, not `stop`. */
export function listKeys(table: z.core.$ZodType, prefix: readonly string[] = [], above = false): readonly SchemaKey[] {
  const verbatim = above || metaOf(table).verbatim === true;
  return Object.entries(shapeOf(table)).flatMap(([name, schema]) => {
    const path = [...prefix, name];
    if (unwrap(schema) instanceof z.ZodObject) return listKeys(schema, path, verbatim);
    return [{ path, schema, meta: metaOf(schema), open: isOpen(schema), verbatim }];
  });
}

export function shapeOf(table: z.core.$ZodType): Readonly<Record<string, z.ZodType>> {
  const inner = unwrap(table);
  return inner instanceof z.ZodObject ? (inner.shape as Record<string, z.ZodType>) : {};
}

/** What is written at a schema, with what is written at the shapes inside it where it says nothing itself. */
export function metaOf(schema: z.core.$ZodType): z.GlobalMeta {
  const own = z.globalRegistry.get(schema as z.ZodType) ?? {};
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return { ...metaOf(schema.def.innerType), ...own };
  }
  return schema instanceof z.ZodPipe ? { ...metaOf(schema.def.in), ...own } : own;
}

/** The schema at a path of a file; undefined where the schema knows nothing. */
export function schemaAt(root: z.core.$ZodType, path: KeyPath): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = root;
  for (const part of path) {
    schema = schema === undefined ? undefined : childOf(unwrap(schema), part);
  }
  return schema;
}

function childOf(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) {
    return Object.hasOwn(schema.shape, part)
      ? (schema.shape as Record<string | number, z.core.$ZodType>)[part]
      : undefined;
  }
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  if (schema instanceof z.ZodArray) return schema.def.element;
  if (schema instanceof z.ZodUnion) {
    for (const option of schema.def.options) {
      const child = childOf(unwrap(option), part);
      if (child !== undefined) return child;
    }
  }
  return undefined;
}

/** The keys that a table at this place may have; those of all forms when there are several. */
export function knownKeys(schema: z.core.$ZodType): readonly string[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodUnion) return inner.def.options.flatMap((option) => knownKeys(option));
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function isOpen(schema: z.core.$ZodType): boolean {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodUnion) return inner.def.options.some((option) => isOpen(option));
  return inner instanceof z.ZodRecord;
}
