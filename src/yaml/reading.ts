import { z } from 'zod'
import { isRecord } from '../model/index.ts'
import type { Path } from './problem.ts'
import type { SectionContext } from './section-context.ts'

/** Converts a value that its schema accepts to its meaning, and reports problems. */
type Read = (value: unknown, context: SectionContext, path: Path) => unknown

/** A registry, because it also finds the readings of copies, which `field` makes to add a description. */
const readings = z.registry<{ read: Read }>()

/**
 * A schema whose values are converted after validation: a path becomes absolute, a duration becomes seconds. zod checks
 * the value as written, which also determines ids. {@link readValue} then replaces it by its meaning.
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

/** Converts a value that its schema accepts to its meaning: first inner values, then the values that contain them. */
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
