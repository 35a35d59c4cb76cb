import { createHash } from 'node:crypto'
import type { Json } from './deployment.ts'

/** JSON with sorted keys and no `undefined`: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(item => canonicalJson(item)).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`)
    return `{${fields.join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

/**
 * The first 12 hex digits of the SHA-256 of a value's canonical JSON: short enough to read, and safe far above 10,000
 * points.
 */
export function contentId(value: Json | object): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 12)
}
