import type { ResponseHead } from './response-head.ts'
import { MalformedResponse, parseHead, printable } from './response-head.ts'

/** Receives a response piece by piece. Bytes are only valid during the call. */
export interface ResponseSink {
  onHead(head: ResponseHead): void
  onBody(bytes: Buffer, start: number, end: number): void
}

const HEAD = 0
const LENGTH = 1
const UNTIL_CLOSE = 2
const CHUNK_SIZE = 3
const CHUNK_EXTENSION = 4
const CHUNK_DATA = 5
const CHUNK_END = 6
const TRAILER = 7
const DONE = 8

const LF = 0x0a
const CR = 0x0d
const maxHeadBytes = 64 * 1024
/** A number holds at most 13 hexadecimal digits exactly. */
const maxSizeDigits = 13

/**
 * Parses HTTP/1.1 responses from the bytes of a connection, independent of how they are split, without copying the
 * body. Node's own parser allocates a buffer and makes several calls for every chunk; see docs/bench/load.md.
 */
export class ResponseReader {
  readonly #sink: ResponseSink
  #state = HEAD
  #headText = ''
  /** Whether the current line of the head or trailer is empty so far. */
  #lineEmpty = true
  #keepAlive = false
  #left = 0
  #digits = 0

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  /** Whether the response is complete. */
  get done(): boolean {
    return this.#state === DONE
  }

  /** Whether any byte of the response has arrived. */
  get begun(): boolean {
    return this.#state !== HEAD || this.#headText !== '' || !this.#lineEmpty
  }

  /** Whether the connection may be used again, once {@link done}. */
  get reusable(): boolean {
    return this.#state === DONE && this.#keepAlive
  }

  /** Resets for the next response on the same connection. */
  next(): void {
    this.#state = HEAD
    this.#headText = ''
    this.#lineEmpty = true
    this.#keepAlive = false
    this.#left = 0
    this.#digits = 0
  }

  /**
   * Handles a close by the server.
   * @returns whether that completes the response
   */
  close(): boolean {
    if (this.#state === UNTIL_CLOSE) this.#state = DONE
    return this.#state === DONE
  }

  /** @throws MalformedResponse for data that is not HTTP/1.1, including bytes after the end */
  push(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      switch (this.#state) {
        case CHUNK_DATA:
        case LENGTH: {
          const stop = end - at < this.#left ? end : at + this.#left
          this.#sink.onBody(bytes, at, stop)
          this.#left -= stop - at
          at = stop
          if (this.#left === 0) this.#state = this.#state === LENGTH ? DONE : CHUNK_END
          break
        }
        case CHUNK_END:
          at = this.#chunkEnd(bytes, at)
          break
        case CHUNK_SIZE:
          at = this.#chunkSize(bytes, at, end)
          break
        case CHUNK_EXTENSION:
          if (bytes[at++] === LF) this.#beginChunk()
          break
        case UNTIL_CLOSE:
          this.#sink.onBody(bytes, at, end)
          return
        case HEAD:
          at = this.#head(bytes, at, end)
          break
        case TRAILER:
          at = this.#trailer(bytes, at, end)
          break
        default:
          throw new MalformedResponse(`${end - at} bytes after the end of the response`)
      }
    }
  }

  #chunkEnd(bytes: Buffer, at: number): number {
    const byte = bytes[at]
    if (byte === LF) {
      this.#state = CHUNK_SIZE
      this.#digits = 0
    } else if (byte !== CR) throw new MalformedResponse('a chunk is longer than it said')
    return at + 1
  }

  #chunkSize(bytes: Buffer, start: number, end: number): number {
    let at = start
    while (at < end) {
      const byte = bytes[at++] ?? 0
      const digit = hexDigit(byte)
      if (digit >= 0) {
        this.#left = this.#left * 16 + digit
        if (++this.#digits > maxSizeDigits) throw new MalformedResponse('a chunk size is too long')
        continue
      }
      if (this.#digits === 0)
        throw new MalformedResponse(`not a chunk size: ${printable(bytes.toString('latin1', at - 1, end))}`)
      if (byte === LF) this.#beginChunk()
      else this.#state = CHUNK_EXTENSION
      return at
    }
    return at
  }

  #beginChunk(): void {
    this.#state = this.#left > 0 ? CHUNK_DATA : TRAILER
    this.#lineEmpty = true
  }

  #trailer(bytes: Buffer, start: number, end: number): number {
    const stop = this.#emptyLine(bytes, start, end)
    if (stop < 0) return end
    this.#state = DONE
    return stop
  }

  #head(bytes: Buffer, start: number, end: number): number {
    const stop = this.#emptyLine(bytes, start, end)
    this.#headText += bytes.toString('latin1', start, stop < 0 ? end : stop)
    if (this.#headText.length > maxHeadBytes) throw new MalformedResponse('the response head is longer than 64 KiB')
    // Rejects garbage without a line break instead of waiting for the deadline.
    if (!'HTTP/1.'.startsWith(this.#headText.slice(0, 7))) {
      throw new MalformedResponse(`not an HTTP/1.1 response: ${printable(this.#headText)}`)
    }
    if (stop < 0) return end
    const head = parseHead(this.#headText)
    if (head.status < 200) {
      if (head.status === 101) throw new MalformedResponse('the server switched protocols')
      this.next()
      return stop
    }
    this.#keepAlive = head.keepAlive
    this.#left = head.contentLength
    this.#state = stateAfter(head)
    this.#sink.onHead(head)
    return stop
  }

  /** The offset after the line break that follows an empty line, or −1. */
  #emptyLine(bytes: Buffer, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]
      if (byte === LF) {
        if (this.#lineEmpty) return at + 1
        this.#lineEmpty = true
      } else if (byte !== CR) this.#lineEmpty = false
    }
    return -1
  }
}

function stateAfter(head: ResponseHead): number {
  switch (head.framing) {
    case 'none':
      return DONE
    case 'length':
      return head.contentLength > 0 ? LENGTH : DONE
    case 'chunked':
      return CHUNK_SIZE
    case 'close':
      return UNTIL_CLOSE
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
