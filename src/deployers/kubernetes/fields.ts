import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../../model/index.ts'

/** One step of a path in a resource: a key, or the list entry with this name (Kubernetes merges such lists by name). */
export type Step = string | { readonly name: string }

/** Path of a field from the root of a resource; the empty path is the resource itself. */
export type FieldPath = readonly Step[]

/** A field of a resource with its value; `undefined` if it is absent. */
export interface Field {
  readonly path: FieldPath
  readonly value: Json | undefined
}

/** A path in the notation of Kubernetes' messages: `.spec.components[name="decode"].replicas`. */
export function fieldText(path: FieldPath): string {
  return path.map(step => (typeof step === 'string' ? `.${step}` : `[name="${step.name}"]`)).join('')
}

/** The value at a path; `undefined` if it is absent. */
export function readAt(resource: Json | undefined, path: FieldPath): Json | undefined {
  return path.reduce<Json | undefined>((value, step) => {
    if (typeof step !== 'string') return listOf(value).find(item => nameOf(item) === step.name)
    return isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
  }, resource)
}

/** A copy of the resource with other values at some paths. */
export function withFields(resource: JsonObject, fields: readonly Field[]): JsonObject {
  return fields.reduce<JsonObject>((result, { path, value }) => put(result, path, value) as JsonObject, resource)
}

/** Whether two paths of fields are equal. */
export function samePath(a: FieldPath, b: FieldPath): boolean {
  return canonicalJson(a) === canonicalJson(b)
}

/** One operation of a JSON Patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string }

/**
 * The JSON Patch that gives fields of a resource these values, without operations for fields that have them already.
 */
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

/** Null if the field's parent no longer exists. */
function pointerTo(resource: JsonObject, path: FieldPath): string | null {
  let value: Json | undefined = resource
  let pointer = ''
  for (const step of path) {
    if (typeof step === 'string') {
      if (!isJsonObject(value)) return null
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
  // Doesn't create parents of a field that is to be absent.
  if (wanted === undefined && readAt(value, [step]) === undefined) return value
  if (typeof step === 'string') {
    const { [step]: old, ...others } = isJsonObject(value) ? value : {}
    const made = put(old, rest, wanted)
    if (made === undefined) return others
    // Keeps the position of the field, so that a printed manifest looks like the user's.
    return isJsonObject(value) && Object.hasOwn(value, step) ? { ...value, [step]: made } : { ...others, [step]: made }
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
  return isJsonObject(value) ? value.name : undefined
}
