import { canonicalJson } from './canonical-json.ts'
import type { Json } from './deployment.ts'

/**
 * The first 12 hex digits of the SHA-256 of a value's canonical JSON: short enough to read, and free of collisions far
 * beyond 10,000 points.
 */
export function contentId(value: Json | object): string {
  // Load threads import this room but never call this function, so they avoid loading node:crypto.
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 12)
}
