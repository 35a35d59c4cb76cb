import { z } from 'zod'
import { FulcrumError, type Json } from '../model/index.ts'
import { unwrapped } from './schema-walk.ts'

/** A key of a section, and whether it takes part in the ids of deployments and points. */
export interface Key<S extends z.ZodType = z.ZodType> {
  readonly schema: S
  readonly isDecisive: boolean
}

/** The keys of a section. A schema alone does not fit: each key says whether it is decisive. */
export type Keys = { readonly [key: string]: Key }

/** The shape of a map with these keys. */
export type ShapeOf<K extends Keys> = { -readonly [N in keyof K]: K[N]['schema'] }

/** What a section holds after it was read. */
export type ReadKeys<K extends Keys> = z.output<z.ZodObject<ShapeOf<K>, z.core.$strict>>

/** Keys made here: a plug-in in plain JavaScript may pass anything. */
const made = new WeakSet<object>()

function key<S extends z.ZodType>(schema: S, isDecisive: boolean): Key<S> {
  const one = Object.freeze({ schema, isDecisive })
  made.add(one)
  return one
}

/**
 * A key that changes what is measured: another value makes other deployments or points, with ids of their own.
 *
 * @example
 * ```ts
 * import { decisive, field } from 'fulcrum'
 * import { z } from 'zod'
 *
 * export const keys = { threads: decisive(field(z.int().min(1), 'Threads that send.', 'write a whole number from 1')) }
 * ```
 */
export const decisive = <S extends z.ZodType>(schema: S): Key<S> => key(schema, true)

/**
 * A key that changes nothing about a measurement: ports, timeouts, how machines are reached. It is no part of any id.
 *
 * @example
 * ```ts
 * import { field, operational, program } from 'fulcrum'
 *
 * export const keys = { command: operational(field(program, 'The program.', 'write a path or a name on PATH')) }
 * ```
 */
export const operational = <S extends z.ZodType>(schema: S): Key<S> => key(schema, false)

/** Of a schema that {@link strictKeys} made, the keys that are no part of an id. */
const operationalKeys = new WeakMap<z.ZodType, ReadonlySet<string>>()

/**
 * A map with exactly these keys.
 * @param of what the keys belong to, for the error
 * @throws FulcrumError bad-input `key-undecided` when a key is neither decisive nor operational
 */
export function strictKeys<K extends Keys>(keys: K, of: string): z.ZodObject<ShapeOf<K>, z.core.$strict> {
  for (const [name, one] of Object.entries<unknown>(keys)) {
    if (typeof one === 'object' && one !== null && made.has(one)) continue
    throw new FulcrumError('bad-input', 'key-undecided', `Key ${name} of ${of} is neither decisive nor operational`, {
      where: `${of}: ${name}`,
      remedy: `Write ${name}: decisive(…) if another value changes what is measured, else ${name}: operational(…).`,
    })
  }
  const shape = Object.fromEntries(Object.entries(keys).map(([name, { schema }]) => [name, schema]))
  const schema = z.strictObject(shape as ShapeOf<K>)
  operationalKeys.set(schema, new Set(Object.keys(keys).filter(name => keys[name]?.isDecisive === false)))
  return schema
}

/** What of a value is part of an id: the value as it is written, without operational keys, however deep. */
export function decisivePart(schema: z.ZodType, value: Json): Json {
  const { inner, left } = unwrap(schema)
  if (!(inner instanceof z.ZodObject) || typeof value !== 'object' || value === null || Array.isArray(value))
    return value
  const shape = inner.shape as { readonly [key: string]: z.ZodType }
  const map = value as { readonly [key: string]: Json }
  return Object.fromEntries(
    Object.entries(map)
      .filter(([name]) => !left.has(name))
      .map(([name, item]) => [name, Object.hasOwn(shape, name) ? decisivePart(shape[name] as z.ZodType, item) : item]),
  )
}

/**
 * The schema inside optional, default and description, and its operational keys, which a copy has from the schema it
 * was made from.
 */
function unwrap(schema: z.ZodType): { readonly inner: z.ZodType; readonly left: ReadonlySet<string> } {
  const inner = unwrapped(schema)
  for (let from: z.ZodType | undefined = inner; from !== undefined; from = from._zod.parent as z.ZodType | undefined) {
    const left = operationalKeys.get(from)
    if (left !== undefined) return { inner, left }
  }
  return { inner, left: new Set() }
}
