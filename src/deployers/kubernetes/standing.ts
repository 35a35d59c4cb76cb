import type { Json } from '../../model/index.ts'
import {
  type Field,
  type FieldPath,
  fieldText,
  isObject,
  type JsonObject,
  readAt,
  samePath,
  withFields,
} from './fields.ts'

/** Where a graph that was there before keeps what Fulcrum has to give back: the note outlives a killed run. */
export const restoreAnnotation = 'fulcrum.dev/restore'

/** The manager of what Fulcrum made whole from the manifest; what it then changes, it changes as itself. */
export const manifestManager = 'fulcrum-manifest'

/** The label that says who made a resource; on a graph: that Fulcrum made it whole. */
export const madeByFulcrum = (resource: JsonObject): boolean =>
  readAt(resource, ['metadata', 'labels', 'app.kubernetes.io/managed-by']) === 'fulcrum'

/** What a graph was like before Fulcrum changed it: each field that was ever changed, and scaling adapters. */
export interface Before {
  readonly fields: readonly Field[]
  readonly adapters: { readonly [component: string]: number }
}

export const nothingBefore: Before = { fields: [], adapters: {} }

/**
 * Remembers what stands now at fields that are about to be changed for the first time. Where even what encloses a field
 * is not there, that is what will have to go.
 */
export function remember(before: Before, changed: readonly Field[], graph: JsonObject): Before {
  const fields = [...before.fields]
  for (const { path } of changed) {
    if (fields.some(known => isWithin(path, known.path))) continue
    const missing = path.findIndex((_, depth) => readAt(graph, path.slice(0, depth + 1)) === undefined)
    fields.push(
      missing < 0 ? { path, value: readAt(graph, path) } : { path: path.slice(0, missing + 1), value: undefined },
    )
  }
  return { ...before, fields }
}

const isWithin = (path: FieldPath, other: FieldPath) =>
  other.length <= path.length && samePath(path.slice(0, other.length), other)

/**
 * Every field that Fulcrum holds, as it should stand: what is wanted, and the old value of whatever was changed earlier
 * in the run and isn't any more. Left out, a server-side apply would remove it rather than bring it back.
 * @param others fields that a scaling adapter has taken over since: those stay as they stand in the graph now
 */
export function fieldsToHold(
  before: Before,
  wanted: readonly Field[],
  others: readonly FieldPath[] = [],
  graph: JsonObject = {},
): readonly Field[] {
  const back = before.fields
    .filter(({ path }) => !wanted.some(field => isWithin(field.path, path)))
    .map(field =>
      others.some(path => samePath(path, field.path)) ? { ...field, value: readAt(graph, field.path) } : field,
    )
  return [...wanted, ...back]
}

/** The note as an annotation; null stands for a field that was not there. */
export function noteOf({ fields, adapters }: Before): string {
  return JSON.stringify({ fields: fields.map(({ path, value }) => [path, value ?? null]), adapters })
}

/** The note of an earlier run that could not give back; null when there is none that can be read. */
export function readNote(graph: JsonObject): Before | null {
  const text = readAt(graph, ['metadata', 'annotations', restoreAnnotation])
  if (typeof text !== 'string') return null
  try {
    const note: unknown = JSON.parse(text)
    if (!isObject(note) || !Array.isArray(note.fields) || !isObject(note.adapters)) return null
    const fields = (note.fields as [Field['path'], Json][]).map(([path, value]) => ({
      path,
      value: value === null ? undefined : value,
    }))
    return { fields, adapters: note.adapters as Before['adapters'] }
  } catch {
    return null
  }
}

/** A conflict of a server-side apply: another manager has another value in a field. */
export interface Conflict {
  readonly field: string
  readonly manager: string
}

/** The conflicts in the Status of a refused apply, apart from fields that the sweep changes anyway. */
export function conflictsOf(status: unknown, changed: readonly Field[]): readonly Conflict[] {
  const causes = isObject(status) ? readAt(status, ['details', 'causes']) : undefined
  const ours = changed.map(({ path }) => fieldText(path))
  return (Array.isArray(causes) ? causes : []).filter(isObject).flatMap(({ field, message, reason }) => {
    if (reason !== 'FieldManagerConflict' || typeof field !== 'string') return []
    if (ours.some(own => field === own || field.startsWith(`${own}.`) || field.startsWith(`${own}[`))) return []
    return [{ field, manager: /"([^"]+)"/.exec(String(message))?.[1] ?? 'another manager' }]
  })
}

/** The path says the namespace; a manifest may say the one that it is applied to by default. */
export function withoutNamespace(resource: JsonObject): JsonObject {
  return withFields(resource, [{ path: ['metadata', 'namespace'], value: undefined }])
}
