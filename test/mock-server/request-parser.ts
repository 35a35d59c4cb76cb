/** What the mock needs to know of a request. */
export interface MockRequest {
  readonly method: string
  readonly path: string
  readonly head: string
  readonly body: Buffer
}

const headEnd = Buffer.from('\r\n\r\n')

/** Cuts the bytes of a connection into requests framed by Content-Length. */
export class RequestParser {
  #kept: Buffer[] = []
  #length = 0
  #needed = 0

  /** The request when these bytes complete it. */
  push(bytes: Buffer): MockRequest | null {
    this.#kept.push(bytes)
    this.#length += bytes.length
    if (this.#length < this.#needed) return null
    const all = this.#kept.length === 1 ? bytes : Buffer.concat(this.#kept)
    const end = all.indexOf(headEnd)
    if (end < 0) {
      this.#kept = [all]
      return null
    }
    const head = all.toString('latin1', 0, end)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    this.#needed = end + 4 + length
    if (all.length < this.#needed) {
      this.#kept = [all]
      return null
    }
    const [method = '', path = ''] = head.slice(0, head.indexOf('\r\n')).split(' ')
    const body = all.subarray(end + 4, this.#needed)
    this.#kept = []
    this.#length = 0
    this.#needed = 0
    return { method, path, head, body }
  }
}

const maxTokensKey = Buffer.from('"max_tokens":')
const streamKey = Buffer.from('"stream":true')

/** `max_tokens`, or null; found in the bytes after the prompt, which would cost more to parse than to answer. */
export function maxTokensOf(body: Buffer): number | null {
  const at = body.lastIndexOf(maxTokensKey)
  if (at < 0) return null
  const tokens = Number.parseInt(
    body.toString('latin1', at + maxTokensKey.length, at + maxTokensKey.length + 12).trim(),
    10,
  )
  return Number.isNaN(tokens) ? null : tokens
}

export function isStreaming(body: Buffer): boolean {
  return body.lastIndexOf(streamKey) >= 0 || body.lastIndexOf('"stream": true') >= 0
}
