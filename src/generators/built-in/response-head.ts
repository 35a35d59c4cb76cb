/** Status line and headers of an HTTP response. */
export interface ResponseHead {
  readonly status: number
  /** Media type without parameters, in lower case; empty if absent. */
  readonly contentType: string
  /** `Content-Encoding`, such as gzip, in lower case; absent if the body is not compressed. */
  readonly encoding?: string
  /** Whether the connection may carry another request afterwards. */
  readonly keepAlive: boolean
  /** How the end of the body is determined. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
  /** Length of a body with Content-Length, in bytes. */
  readonly contentLength: number
  /** `Retry-After`, unchanged. */
  readonly retryAfter: string | null
  /** `Location` of a redirect, unchanged. */
  readonly location: string | null
}

/** Thrown for data that is not HTTP/1.1. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse'
}

/**
 * Parses status line and headers (RFC 9112). `Transfer-Encoding` takes precedence over `Content-Length`; without
 * either, the body ends with the connection.
 * @throws MalformedResponse if the text is not the head of an HTTP/1 response
 */
export function parseHead(text: string): ResponseHead {
  const lines = text.split(/\r?\n/)
  const status = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(lines[0] ?? '')
  if (status === null) throw new MalformedResponse(`not an HTTP/1.1 status line: ${printable(lines[0] ?? '')}`)
  const headers = new Map<string, string>()
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  const code = Number(status[2])
  const connection = headers.get('connection')?.toLowerCase() ?? ''
  const framing = framingOf(code, headers)
  const encoding = headers.get('content-encoding')?.toLowerCase() ?? ''
  return {
    status: code,
    contentType: (headers.get('content-type')?.split(';')[0] ?? '').trim().toLowerCase(),
    ...(encoding === '' || encoding === 'identity' ? {} : { encoding }),
    keepAlive:
      framing !== 'close' && (status[1] === '1' ? !connection.includes('close') : connection.includes('keep-alive')),
    framing,
    contentLength: framing === 'length' ? lengthOf(headers.get('content-length') ?? '') : 0,
    retryAfter: headers.get('retry-after') ?? null,
    location: headers.get('location') ?? null,
  }
}

function framingOf(status: number, headers: ReadonlyMap<string, string>): ResponseHead['framing'] {
  if (status < 200 || status === 204 || status === 304) return 'none'
  if (headers.get('transfer-encoding')?.toLowerCase().endsWith('chunked')) return 'chunked'
  return headers.has('content-length') ? 'length' : 'close'
}

function lengthOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new MalformedResponse(`not a content length: ${printable(text)}`)
  return Number(text)
}

/** The start of the data, safe to print. */
export function printable(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}
