/** What a request asks for: the path's segments, decoded once, and the query. */
export interface Target {
  readonly segments: readonly string[]
  readonly query: URLSearchParams
}

/**
 * Reads a request's target. Null for everything that isn't a plain path: another form of target, an empty or hidden
 * segment, `.` and `..` however they are written, and separators or control characters that only show once decoded.
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

/** Null where the percent signs don't spell UTF-8. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}

/** A name of a file or folder that can't lead anywhere else; hidden ones are nobody's results. */
export function isPlain(segment: string | null): segment is string {
  return segment !== null && segment !== '' && !segment.startsWith('.') && !/[/\\\p{Cc}]/u.test(segment)
}

/** A path of these segments, for a link. */
export const pathTo = (...segments: readonly string[]): string => `/${segments.map(encodeURIComponent).join('/')}`
