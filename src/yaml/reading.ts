import { z } from 'zod'
import { isRecord } from '../model/index.ts'
import type { Path } from './problem.ts'
import type { SectionContext } from './section-context.ts'

/** Turns a value that its schema accepts into its meaning, and reports what is wrong with it. */
type Read = (value: unknown, context: SectionContext, path: Path) => unknown

/** Found through copies, too: `field` makes one for its description. */
const readings = z.registry<{ read: Read }>()

/**
 * A schema whose values mean more than their text: a path starts at the sweep file, a duration is in seconds. zod
 * checks the value as written, which ids are also made from. {@link readValue} then replaces it by its meaning.
 *
 * The declared output is this meaning, so that `z.output` of a schema is the type of the value after reading. Write a
 * default with `prefault`.
 */
export function reading<S extends z.ZodType, Out>(
  schema: S,
  read: (value: z.output<S>, context: SectionContext, path: Path) => Out,
): z.ZodType<Out, z.input<S>> {
  const copy = schema.clone()
  readings.add(copy, { read: read as Read })
  return copy as unknown as z.ZodType<Out, z.input<S>>
}

/** The meaning of a value that its schema accepts: inner values first, then the values that contain them. */
export function readValue(schema: z.ZodType, value: unknown, context: SectionContext, path: Path): unknown {
  if (value === undefined) return undefined
  const inner = readInside(schema, value, context, path)
  const found = readings.get(schema)
  return found === undefined ? inner : found.read(inner, context, path)
}

function readInside(schema: z.ZodType, value: unknown, context: SectionContext, path: Path): unknown {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable
  ) {
    return value === null ? null : readValue(schema.unwrap() as z.ZodType, value, context, path)
  }
  if (schema instanceof z.ZodObject && isRecord(value)) {
    return mapEntries(value, (key, item) => {
      const field = Object.hasOwn(schema.shape, key) ? (schema.shape[key] as z.ZodType) : null
      return field === null ? item : readValue(field, item, context, [...path, key])
    })
  }
  if (schema instanceof z.ZodRecord && isRecord(value)) {
    return mapEntries(value, (key, item) => readValue(schema.valueType as z.ZodType, item, context, [...path, key]))
  }
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item, index) => readValue(schema.element as z.ZodType, item, context, [...path, index]))
  }
  if (schema instanceof z.ZodUnion) {
    const option = (schema.options as readonly z.ZodType[]).find(each => each.safeParse(value).success)
    return option === undefined ? value : readValue(option, value, context, path)
  }
  return value
}

function mapEntries(
  map: { readonly [key: string]: unknown },
  read: (key: string, item: unknown) => unknown,
): { readonly [key: string]: unknown } {
  return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, read(key, item)]))
}
