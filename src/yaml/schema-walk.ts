import { z } from 'zod'
import { isRecord } from '../model/index.ts'
import { expectationOf } from './field.ts'
import type { Path } from './problem.ts'

/** Removes optional, default and similar wrappers from a schema, until `isEnough` accepts the rest. */
export function unwrapped(schema: z.ZodType, isEnough: (schema: z.ZodType) => boolean = () => false): z.ZodType {
  let inner = schema
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodNullable
  ) {
    if (isEnough(inner)) return inner
    inner = inner.unwrap() as z.ZodType
  }
  return inner
}

/** Like {@link unwrapped}, but stops at a wrapper that has a remedy. */
const unwrap = (schema: z.ZodType): z.ZodType => unwrapped(schema, inner => expectationOf(inner) !== undefined)

/**
 * Alternatives of a union, including nested ones; of a discriminated union, only those that match the value's
 * discriminator.
 */
function alternatives(schema: z.ZodType, value: unknown): readonly z.ZodType[] {
  const inner = unwrap(schema)
  if (!(inner instanceof z.ZodUnion)) return [inner]
  const options = inner.options as readonly z.ZodType[]
  if (inner instanceof z.ZodDiscriminatedUnion && isRecord(value)) {
    const key = inner.def.discriminator
    const named = options.filter(option => {
      const field = option instanceof z.ZodObject ? (option.shape[key] as z.ZodType | undefined) : undefined
      return field?.safeParse(value[key]).success === true
    })
    if (named.length > 0) return named
  }
  return options.flatMap(option => alternatives(option, value))
}

interface Visit {
  readonly schemas: readonly z.ZodType[]
  readonly value: unknown
}

function step(visit: Visit, key: string | number): Visit {
  const { value } = visit
  const next: z.ZodType[] = []
  for (const schema of visit.schemas.flatMap(candidate => alternatives(candidate, value))) {
    if (schema instanceof z.ZodObject) {
      const field = Object.hasOwn(schema.shape, key) ? (schema.shape[key] as z.ZodType) : undefined
      if (field !== undefined) next.push(field)
    } else if (schema instanceof z.ZodArray && typeof key === 'number') next.push(schema.element as z.ZodType)
    else if (schema instanceof z.ZodRecord) next.push(schema.valueType as z.ZodType)
  }
  const child =
    Array.isArray(value) && typeof key === 'number' ? value[key] : isRecord(value) ? value[String(key)] : undefined
  return { schemas: next, value: child }
}

function walk(root: z.ZodType, value: unknown, path: Path): readonly Visit[] {
  const visits: Visit[] = [{ schemas: [root], value }]
  for (const key of path) visits.push(step(visits.at(-1) as Visit, key))
  return visits
}

/** All keys that the map at a path may have. */
export function keysAt(root: z.ZodType, value: unknown, path: Path): readonly string[] {
  const visit = walk(root, value, path).at(-1)
  if (visit === undefined) return []
  const objects = visit.schemas
    .flatMap(schema => alternatives(schema, visit.value))
    .filter(schema => schema instanceof z.ZodObject)
  return [...new Set(objects.flatMap(schema => Object.keys(schema.shape)))]
}

/** All words that are valid at a path, if the schema there lists words. */
export function wordsAt(root: z.ZodType, value: unknown, path: Path): readonly string[] {
  const visit = walk(root, value, path).at(-1)
  const schemas = visit?.schemas.flatMap(schema => alternatives(schema, visit.value)) ?? []
  const values = schemas.flatMap(schema => {
    if (schema instanceof z.ZodEnum) return schema.options
    return schema instanceof z.ZodLiteral ? [...schema.values] : []
  })
  return values.filter(word => typeof word === 'string')
}

/** Remedy for a path: that of the schema there, or else of the nearest enclosing schema that has one. */
export function expectedAt(root: z.ZodType, value: unknown, path: Path): string {
  for (const { schemas } of walk(root, value, path).toReversed()) {
    for (const schema of schemas) {
      const right = expectationOf(schema) ?? expectationOf(unwrap(schema))
      if (right !== undefined) return right
    }
  }
  return ''
}
