/** The target of a request: the path's segments, decoded once, and the query. */
export interface Target {
  readonly segments: readonly string[]
  readonly query: URLSearchParams
}

/**
 * Parses a request's target. Null for anything but a plain path: other forms of target, empty or hidden segments, `.`
 * and `..` in any encoding, and encoded separators or control characters.
 */
export function targetOf(url: string): Target | null {
  if (!url.startsWith('/')) return null
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  const parts = path.slice(1).split('/')
  if (parts.at(-1) === '') parts.pop()
  const segments = parts.map(decoded)
  return segments.every(isPlain) ? { segments, query } : null
}

/** Null for invalid percent-encoding or UTF-8. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}

/** Whether a name can only refer to a visible file or folder in the current one. */
export function isPlain(segment: string | null): segment is string {
  return segment !== null && segment !== '' && !segment.startsWith('.') && !/[/\\\p{Cc}]/u.test(segment)
}

/** Encodes segments as a path for links. */
export const pathTo = (...segments: readonly string[]): string => `/${segments.map(encodeURIComponent).join('/')}`
