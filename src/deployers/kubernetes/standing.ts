import { isJsonObject, type Json, type JsonObject } from '../../model/index.ts'
import { type Field, type FieldPath, fieldText, readAt, samePath, withFields } from './fields.ts'

/** Annotation of an existing graph with the values that Fulcrum has to restore. It survives a killed run. */
export const restoreAnnotation = 'fulcrum.dev/restore'

/** Field manager of resources that Fulcrum created from the manifest. Later changes have another manager. */
export const manifestManager = 'fulcrum-manifest'

/** Label with the creator of a resource. On a graph, it means that Fulcrum created it. */
export const madeByFulcrum = (resource: JsonObject): boolean =>
  readAt(resource, ['metadata', 'labels', 'app.kubernetes.io/managed-by']) === 'fulcrum'

/** The state of a graph before Fulcrum changed it: each field that was ever changed, and scaling adapters. */
export interface Before {
  readonly fields: readonly Field[]
  readonly adapters: { readonly [component: string]: number }
}

/** Nothing to restore. */
export const nothingBefore: Before = { fields: [], adapters: {} }

/**
 * Records the current values of fields before their first change. If the parent of a field does not exist, the parent
 * is recorded as absent.
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
 * Every field that Fulcrum manages with its target value: the wanted one, or the old value of a field that an earlier
 * step of the run changed. If it were omitted, a server-side apply would remove the field instead of restoring it.
 * @param others fields that a scaling adapter has taken over since, which keep their current values
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

/** The recorded state as an annotation; null stands for an absent field. */
export function noteOf({ fields, adapters }: Before): string {
  return JSON.stringify({ fields: fields.map(({ path, value }) => [path, value ?? null]), adapters })
}

/** The recorded state of an earlier run that did not restore it; null if there is none that can be read. */
export function readNote(graph: JsonObject): Before | null {
  const text = readAt(graph, ['metadata', 'annotations', restoreAnnotation])
  if (typeof text !== 'string') return null
  try {
    const note: unknown = JSON.parse(text)
    if (!isJsonObject(note) || !Array.isArray(note.fields) || !isJsonObject(note.adapters)) return null
    const fields = (note.fields as [Field['path'], Json][]).map(([path, value]) => ({
      path,
      value: value === null ? undefined : value,
    }))
    return { fields, adapters: note.adapters as Before['adapters'] }
  } catch {
    return null
  }
}

/** A conflict of a server-side apply: another manager set a field to a different value. */
export interface Conflict {
  readonly field: string
  readonly manager: string
}

/** The conflicts in the Status of a refused apply, without fields that the sweep changes. */
export function conflictsOf(status: unknown, changed: readonly Field[]): readonly Conflict[] {
  const causes = isJsonObject(status) ? readAt(status, ['details', 'causes']) : undefined
  const ours = changed.map(({ path }) => fieldText(path))
  return (Array.isArray(causes) ? causes : []).filter(isJsonObject).flatMap(({ field, message, reason }) => {
    if (reason !== 'FieldManagerConflict' || typeof field !== 'string') return []
    if (ours.some(own => field === own || field.startsWith(`${own}.`) || field.startsWith(`${own}[`))) return []
    return [{ field, manager: /"([^"]+)"/.exec(String(message))?.[1] ?? 'another manager' }]
  })
}

/** The path determines the namespace; a manifest may name the one that is applied by default. */
export function withoutNamespace(resource: JsonObject): JsonObject {
  return withFields(resource, [{ path: ['metadata', 'namespace'], value: undefined }])
}
