import { z } from 'zod'

/** Remedies in error messages, by field. Kept outside the JSON Schema, which has no keyword for them. */
const expectations = shared('fulcrum.expectations', () => z.registry<{ right: string }>())

/** Returns one value for all copies of Fulcrum in this process, because a plug-in may bring its own copy. */
function shared<T>(name: string, make: () => T): T {
  const all = globalThis as { [key: symbol]: unknown }
  all[Symbol.for(name)] ??= make()
  return all[Symbol.for(name)] as T
}

/**
 * Gives a schema its documentation (`about`: meaning, unit, default) and the remedy of its error messages (`right`).
 *
 * @example
 * ```ts
 * import { field } from 'fulcrum'
 * import { z } from 'zod'
 *
 * export const port = field(z.int().min(1).max(65535), 'Port that the server listens on.', 'write a port number')
 * ```
 */
export function field<S extends z.ZodType>(schema: S, about: string, right: string): S {
  const described = schema.describe(about)
  expectations.add(described, { right })
  return described
}

/** Remedy in error messages for values of a schema. */
export function expectationOf(schema: z.ZodType): string | undefined {
  return expectations.get(schema)?.right
}

/** A whole number from 1. */
export const positiveInt = z.int().min(1)
/** A whole number from 0. */
export const count = z.int().min(0)
/** A share from 0 to 1. */
export const share = z.number().min(0).max(1)

/** Schema of one value or a list of values. A list is an axis of the sweep. */
export function axisOf<S extends z.ZodType>(item: S) {
  return z.union([item, z.array(item).min(1)])
}

/** Longest timer that Node supports, 2³¹ − 1 ms, in seconds. A longer one would end immediately. */
const longestS = 2_147_483

/** A duration: `60s`, `500ms`, `5m` or `2h`. A plain number is in seconds. */
export const duration = field(
  z.union([
    z.number().min(0).max(longestS),
    z
      .string()
      .regex(/^\d+(\.\d+)?\s*(ms|s|m|h)$/)
      .refine(text => secondsOf(text) <= longestS),
  ]),
  'A duration such as `500ms`, `60s`, `5m` or `2h`; a plain number is seconds. At most 24 days.',
  'write a duration such as 500ms, 60s, 5m or 2h, at most 24 days',
)

/** Seconds of a duration with a unit. */
export function secondsOf(text: string): number {
  const [, amount = '0', unit = 's'] = /^([\d.]+)\s*(ms|s|m|h)$/.exec(text) ?? []
  return Number(amount) * ({ ms: 0.001, s: 1, m: 60, h: 3600 }[unit] ?? 1)
}

/** Any JSON value. */
export const json = z.json()
