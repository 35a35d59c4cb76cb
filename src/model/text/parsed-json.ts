import type { JsonObject } from '../deployment.ts'

/** Whether a value is an object with string keys: not null, and not an array. */
export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value that was parsed from JSON or YAML is an object. */
export const isJsonObject = (value: unknown): value is JsonObject => isRecord(value)

/** The value of a JSON text, or null if it is not JSON. For texts that a schema checks afterwards. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
