import { z } from 'zod'
import { FulcrumError, type Json } from '../model/index.ts'
import { unwrapped } from './schema-walk.ts'

/** A key of a section, and whether it is part of the ids of deployments and points. */
export interface Key<S extends z.ZodType = z.ZodType> {
  readonly schema: S
  readonly isDecisive: boolean
}

/** Keys of a section. A plain schema is not accepted, because each key must be decisive or operational. */
export type Keys = { readonly [key: string]: Key }

/** The shape of a map with these keys. */
export type ShapeOf<K extends Keys> = { -readonly [N in keyof K]: K[N]['schema'] }

/** Content of a section after reading. */
export type ReadKeys<K extends Keys> = z.output<z.ZodObject<ShapeOf<K>, z.core.$strict>>

/** Keys created by this module. A plug-in in plain JavaScript could pass anything. */
const made = new WeakSet<object>()

function key<S extends z.ZodType>(schema: S, isDecisive: boolean): Key<S> {
  const one = Object.freeze({ schema, isDecisive })
  made.add(one)
  return one
}

/**
 * A key that affects what is measured. Another value makes other deployments or points, with other ids.
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
 * A key that does not affect what is measured: ports, timeouts, how machines are reached. It is not part of any id.
 *
 * @example
 * ```ts
 * import { field, operational, program } from 'fulcrum'
 *
 * export const keys = { command: operational(field(program, 'The program.', 'write a path or a name on PATH')) }
 * ```
 */
export const operational = <S extends z.ZodType>(schema: S): Key<S> => key(schema, false)

/** Keys that are not part of ids, by the schema that {@link strictKeys} made. */
const operationalKeys = new WeakMap<z.ZodType, ReadonlySet<string>>()

/**
 * Schema of a map with exactly these keys.
 * @param of name of the keys' owner, for errors
 * @throws FulcrumError bad-input `key-undecided` if a key is neither decisive nor operational
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

/** The part of a value that is included in ids: the value as written, without operational keys at any depth. */
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
 * The schema inside optional, default and description, and its operational keys. A copy of a schema has the keys of its
 * original.
 */
function unwrap(schema: z.ZodType): { readonly inner: z.ZodType; readonly left: ReadonlySet<string> } {
  const inner = unwrapped(schema)
  for (let from: z.ZodType | undefined = inner; from !== undefined; from = from._zod.parent as z.ZodType | undefined) {
    const left = operationalKeys.get(from)
    if (left !== undefined) return { inner, left }
  }
  return { inner, left: new Set() }
}
