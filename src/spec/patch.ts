import { isRecord, type Json } from '../model/index.ts'
import type { Path } from '../yaml/problem.ts'
import type { RawVariant } from './schema/variants.ts'

/** The sections that a variant may change. */
export const patchedSections = ['deploy', 'engine', 'model'] as const

type Section = (typeof patchedSections)[number]

/**
 * A value with a patch applied: maps merge, lists and single values replace, `null` removes a key. The rules of JSON
 * Merge Patch (RFC 7386).
 * @returns undefined when the patch removes the value
 */
export function patched(value: Json | undefined, patch: Json | undefined): Json | undefined {
  if (patch === undefined) return value
  if (patch === null) return undefined
  if (!isMap(patch)) return patch
  const result = new Map<string, Json>(isMap(value) ? Object.entries(value) : [])
  for (const [key, change] of Object.entries(patch)) {
    const next = patched(result.get(key), change)
    if (next === undefined) result.delete(key)
    else result.set(key, next)
  }
  return Object.fromEntries(result)
}

const isMap = (value: Json | undefined): value is { readonly [key: string]: Json } => isRecord(value)

/** The sweep file as a variant changes it. */
export function variantDocument(
  document: { readonly [section: string]: unknown },
  variant: RawVariant,
): { readonly [section: string]: unknown } {
  const sections = patchedSections.map(name => [name, patched(written(document, name), changesOf(variant, name))])
  return { ...document, ...Object.fromEntries(sections.filter(([, value]) => value !== undefined)) }
}

/** A model that is written as a bare name takes a patch of its keys, too. */
function written(document: { readonly [section: string]: unknown }, name: Section): Json | undefined {
  const value = document[name] as Json | undefined
  return name === 'model' && typeof value === 'string' ? { name: value } : value
}

/** What a variant changes of a section, `env` included. */
function changesOf(variant: RawVariant, name: Section): Json | undefined {
  const all = variant[name] as Json | undefined
  // Another deployer is refused; what else the patch says is checked all the same.
  const own = name === 'deploy' && isMap(all) ? without(all, 'with') : all
  if (name !== 'deploy' || variant.env === undefined) return own
  return merged(own, { env: variant.env })
}

const without = (map: { readonly [key: string]: Json }, key: string): Json =>
  Object.fromEntries(Object.entries(map).filter(([name]) => name !== key))

/** Two patches as one: what removes a key keeps doing so. */
function merged(patch: Json | undefined, other: { readonly [key: string]: Json }): Json {
  if (!isMap(patch)) return other
  const keys = new Set([...Object.keys(patch), ...Object.keys(other)])
  const pairs = [...keys].map(key => {
    const [own, more] = [patch[key], other[key]]
    return [key, more === undefined ? own : isMap(own) && isMap(more) ? merged(own, more) : more]
  })
  return Object.fromEntries(pairs) as Json
}

/**
 * The place in the file of a value that a variant's document has: in the variant where the patch says it, else where
 * the document says it.
 */
export function placeInFile(name: string, variant: RawVariant, path: Path): Path {
  const [section, key, ...rest] = path
  const isShort = section === 'deploy' && key === 'env' && saysPath(variant.env, rest)
  if (isShort && !saysPath(variant.deploy, ['env'])) return ['variants', name, 'env', ...rest]
  if (isShort && rest.length > 0) return ['variants', name, 'env', ...rest]
  if (patchedSections.some(own => own === section) && saysPath(variant, path)) return ['variants', name, ...path]
  return path
}

/** Whether a patch says what a path leads to, or replaces something that the path leads through. */
function saysPath(patch: unknown, path: Path): boolean {
  let at = patch
  for (const step of path) {
    if (!isRecord(at)) return at !== undefined
    if (!Object.hasOwn(at, step)) return false
    at = at[String(step)]
  }
  return at !== undefined
}
