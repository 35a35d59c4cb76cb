import { canonicalJson, type Json } from '../../model/index.ts'

export type JsonObject = { readonly [key: string]: Json }

/** One step into a resource: a key, or the entry of a list that has this name (Kubernetes merges such lists by it). */
export type Step = string | { readonly name: string }
export type FieldPath = readonly Step[]

/** A field of a resource and what stands there; `undefined` when nothing does. */
export interface Field {
  readonly path: FieldPath
  readonly value: Json | undefined
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A path as Kubernetes' own messages write it: `.spec.components[name="decode"].replicas`. */
export function fieldText(path: FieldPath): string {
  return path.map(step => (typeof step === 'string' ? `.${step}` : `[name="${step.name}"]`)).join('')
}

/** What stands at a path; `undefined` when nothing does. */
export function readAt(resource: Json | undefined, path: FieldPath): Json | undefined {
  return path.reduce<Json | undefined>((value, step) => {
    if (typeof step !== 'string') return listOf(value).find(item => nameOf(item) === step.name)
    return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
  }, resource)
}

/** The resource with other values at some paths; what was given is not changed. */
export function withFields(resource: JsonObject, fields: readonly Field[]): JsonObject {
  return fields.reduce<JsonObject>((result, { path, value }) => put(result, path, value) as JsonObject, resource)
}

export function samePath(a: FieldPath, b: FieldPath): boolean {
  return canonicalJson(a) === canonicalJson(b)
}

/** One operation of a JSON Patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string }

/** The JSON Patch that gives fields of a resource these values; fields that have them already need no operation. */
export function patchTo(resource: JsonObject, fields: readonly Field[]): readonly PatchOperation[] {
  return fields.flatMap(({ path, value }): readonly PatchOperation[] => {
    const now = readAt(resource, path)
    if (canonicalJson(now ?? null) === canonicalJson(value ?? null)) return []
    const pointer = pointerTo(resource, path)
    if (pointer === null) return []
    if (value === undefined) return [{ op: 'remove', path: pointer }]
    return [{ op: now === undefined ? 'add' : 'replace', path: pointer, value }]
  })
}

/** Null when the field's parent is not there any more. */
function pointerTo(resource: JsonObject, path: FieldPath): string | null {
  let value: Json | undefined = resource
  let pointer = ''
  for (const step of path) {
    if (typeof step === 'string') {
      if (!isObject(value)) return null
      pointer += `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`
      value = value[step]
    } else {
      const index = listOf(value).findIndex(item => nameOf(item) === step.name)
      if (index < 0) return null
      pointer += `/${index}`
      value = listOf(value)[index]
    }
  }
  return pointer
}

function put(value: Json | undefined, path: FieldPath, wanted: Json | undefined): Json | undefined {
  const [step, ...rest] = path
  if (step === undefined) return wanted
  // Nothing is made on the way to what is to be absent.
  if (wanted === undefined && readAt(value, [step]) === undefined) return value
  if (typeof step === 'string') {
    const { [step]: old, ...others } = isObject(value) ? value : {}
    const made = put(old, rest, wanted)
    if (made === undefined) return others
    // A field keeps its place, so that a shown manifest reads as the user's own.
    return isObject(value) && Object.hasOwn(value, step) ? { ...value, [step]: made } : { ...others, [step]: made }
  }
  const list = listOf(value)
  const index = list.findIndex(item => nameOf(item) === step.name)
  const made = put(list[index] ?? { name: step.name }, rest, wanted)
  if (made === undefined) return list.filter((_, i) => i !== index)
  return index < 0 ? [...list, made] : list.with(index, made)
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function nameOf(value: Json | undefined): Json | undefined {
  return isObject(value) ? value.name : undefined
}
