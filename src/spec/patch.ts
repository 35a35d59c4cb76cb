import { isRecord, type Json } from '../model/index.ts'
import type { Path } from '../yaml/problem.ts'
import type { RawVariant } from './schema/variants.ts'

/** Sections that a variant may change. */
export const patchedSections = ['deploy', 'engine', 'model'] as const

type Section = (typeof patchedSections)[number]

/**
 * Applies a patch by the rules of JSON Merge Patch (RFC 7386): maps merge, lists and single values replace, and `null`
 * removes a key.
 * @returns undefined if the patch removes the value
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

/** The sweep file with a variant applied. */
export function variantDocument(
  document: { readonly [section: string]: unknown },
  variant: RawVariant,
): { readonly [section: string]: unknown } {
  const sections = patchedSections.map(name => [name, patched(written(document, name), changesOf(variant, name))])
  return { ...document, ...Object.fromEntries(sections.filter(([, value]) => value !== undefined)) }
}

/** A section as written, except that a model's bare name becomes a map, to which a patch can be applied. */
function written(document: { readonly [section: string]: unknown }, name: Section): Json | undefined {
  const value = document[name] as Json | undefined
  return name === 'model' && typeof value === 'string' ? { name: value } : value
}

/** Changes of a variant to a section, including `env`. */
function changesOf(variant: RawVariant, name: Section): Json | undefined {
  const all = variant[name] as Json | undefined
  // Another deployer is rejected elsewhere. The rest of the patch is still checked.
  const own = name === 'deploy' && isMap(all) ? without(all, 'with') : all
  if (name !== 'deploy' || variant.env === undefined) return own
  return merged(own, { env: variant.env })
}

const without = (map: { readonly [key: string]: Json }, key: string): Json =>
  Object.fromEntries(Object.entries(map).filter(([name]) => name !== key))

/** Combines two patches. Keys that one of them removes stay removed. */
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
 * Path in the file of a value in a variant's document: inside the variant if its patch sets the value, otherwise
 * unchanged.
 */
export function placeInFile(name: string, variant: RawVariant, path: Path): Path {
  const [section, key, ...rest] = path
  const isShort = section === 'deploy' && key === 'env' && saysPath(variant.env, rest)
  if (isShort && !saysPath(variant.deploy, ['env'])) return ['variants', name, 'env', ...rest]
  if (isShort && rest.length > 0) return ['variants', name, 'env', ...rest]
  if (patchedSections.some(own => own === section) && saysPath(variant, path)) return ['variants', name, ...path]
  return path
}

/** Whether a patch sets the value at a path or replaces one of the values that contain it. */
function saysPath(patch: unknown, path: Path): boolean {
  let at = patch
  for (const step of path) {
    if (!isRecord(at)) return at !== undefined
    if (!Object.hasOwn(at, step)) return false
    at = at[String(step)]
  }
  return at !== undefined
}
