import type { Histogram } from '../../metrics/histogram.ts'
import type { Api } from '../../point/index.ts'
import { readChunk } from './chunk.ts'
import type { EventSink } from './event-reader.ts'
import { EventReader } from './event-reader.ts'
import type { Failure } from './failure.ts'
import type { ResponseHead } from './response-head.ts'
import { printable } from './response-head.ts'
import type { ResponseSink } from './response-reader.ts'
import { Template } from './template.ts'

const dataPrefix = Buffer.from('data: ')
/** Templates learned in vain before a stream is taken to have none. */
const maxLessons = 8
/** Bytes kept of a body that isn't a stream; what a whole answer may have. */
const maxExcerpt = 2048
const maxAnswer = 64 * 1024 * 1024

/** JSON keys of text that belongs to the answer itself. */
const answerKeys = new Set(['content', 'text', 'delta'])

export interface ExchangeOptions {
  readonly api: Api
  readonly streaming: boolean
  /** Gaps between the chunks of an answer go here. */
  readonly gaps: Histogram
  /** Keeps the answer's text, for which every chunk must be parsed. */
  readonly collect?: boolean
}

/**
 * What one answer says, as it arrives: when its tokens came, how many, how it ended. Reused by one connection for one
 * request after another; nothing is allocated for a token.
 */
export class Exchange implements ResponseSink, EventSink {
  /** Set by the connection before it hands bytes over: when they were there to be read. */
  at = 0
  /** Set with {@link at}: the most that the bytes may have lain unread before it, ms. */
  readWaitMs = 0
  sentAt = 0
  /** Chunks with at least one token, when the first, second and last came; NaN when none did. */
  chunks = 0
  firstAt = Number.NaN
  secondAt = Number.NaN
  lastAt = Number.NaN
  /** {@link readWaitMs} of the first token. */
  waitedMs = Number.NaN
  /** The end of the answer: its last event, or of its body. */
  endAt = Number.NaN
  /** The server's count; −1 when it didn't say. */
  inputTokens = -1
  outputTokens = -1
  /** Text of the first chunk, where several tokens may be in it. */
  firstText = ''
  /** The answer without its reasoning, where {@link ExchangeOptions.collect} asks for it. */
  text = ''
  failure: Failure | null = null
  /** `[DONE]` or its like came: nothing more is to be expected. */
  ended = false

  readonly #api: Api
  readonly #streaming: boolean
  readonly #gaps: Histogram
  readonly #collect: boolean
  readonly #events = new EventReader(this)
  readonly #template = new Template()
  #lessons = 0
  #finished = false
  /** The stream has ended: an event cut short by that is no garbage. */
  #closing = false
  #status = 0
  #head: ResponseHead | null = null
  #isStream = false
  #body: Buffer[] = []
  #bodyLength = 0

  constructor(options: ExchangeOptions) {
    this.#api = options.api
    this.#streaming = options.streaming
    this.#gaps = options.gaps
    this.#collect = options.collect ?? false
  }

  /** Forgets the last answer. */
  next(): void {
    this.chunks = 0
    this.firstAt = this.secondAt = this.lastAt = this.endAt = this.waitedMs = Number.NaN
    this.inputTokens = this.outputTokens = -1
    this.firstText = ''
    this.text = ''
    this.failure = null
    this.ended = false
    this.#lessons = 0
    this.#finished = false
    this.#closing = false
    this.#status = 0
    this.#head = null
    this.#isStream = false
    this.#body = []
    this.#bodyLength = 0
    this.#events.next()
    this.#template.forget()
  }

  onHead(head: ResponseHead): void {
    this.#head = head
    this.#status = head.status
    this.#isStream = head.status < 300 && head.contentType === 'text/event-stream'
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    if (this.#isStream) {
      this.#events.push(bytes, start, end)
      return
    }
    const most = this.#status < 300 ? maxAnswer : maxExcerpt
    const length = Math.min(end - start, most - this.#bodyLength)
    if (length <= 0) return
    this.#body.push(Buffer.from(bytes.subarray(start, start + length)))
    this.#bodyLength += length
  }

  takeWhole(bytes: Buffer, start: number, end: number): number {
    const after = this.#template.match(bytes, start, end)
    if (after >= 0) this.#token()
    return after
  }

  onEvent(bytes: Buffer, start: number, end: number, type: string): void {
    if (start === end || this.ended) return
    if (isDone(bytes, start, end)) {
      this.#finished = true
      this.#end()
      return
    }
    const value = parse(bytes, start, end)
    if (value === undefined && this.#closing) return
    if (value === undefined) {
      this.#fail(
        'bad-response',
        `an event is not JSON: ${printable(bytes.toString('utf8', start, Math.min(end, start + 200)))}`,
      )
      return
    }
    const chunk = readChunk(this.#api, type, value)
    if (chunk.error !== null) {
      this.#fail('server-error', `the server ended the stream with an error: ${chunk.error}`)
      return
    }
    if (chunk.usage !== null) {
      this.inputTokens = chunk.usage.inputTokens
      this.outputTokens = chunk.usage.outputTokens
    }
    if (chunk.text !== '') {
      if (this.chunks === 0) this.firstText = chunk.text
      this.#token()
      if (this.#collect && answerKeys.has(chunk.key)) this.text += chunk.text
      const plain = !this.#collect && !chunk.finished && chunk.usage === null && type === ''
      if (plain && this.#lessons++ < maxLessons) this.#template.learn(bytes, start, end, chunk.key, dataPrefix)
    }
    if (chunk.finished) {
      this.#finished = true
      this.endAt = this.at
      // The Responses API has no [DONE]: its last event is its end.
      if (this.#api === 'responses') this.#end()
    }
  }

  /** The response is over; `complete` says whether it ended as HTTP says it must. Decides whether it was an answer. */
  close(complete: boolean, leastTokens: number): void {
    if (this.#isStream && !this.ended && complete) {
      this.#closing = true
      this.#events.close()
    }
    if (this.failure !== null) return
    if (this.#head === null) this.#fail('broken-stream', 'the server closed the connection without an answer')
    else if (this.#status < 200 || this.#status >= 300) this.#fail('http-status', this.#statusMessage(this.#head))
    else if (!this.#streaming) this.#readWhole(complete)
    else if (!this.#isStream) {
      const got = this.#head.contentType === '' ? 'no content type' : this.#head.contentType
      this.#fail('bad-response', `asked for text/event-stream, got ${got}: ${printable(this.#excerpt())}`)
    } else if (!this.#finished) {
      this.#fail(
        'broken-stream',
        `the stream ended after ${this.chunks} chunks with neither [DONE] nor a finish_reason`,
      )
    } else if (this.chunks === 0) this.#fail('short-output', 'the stream ended without a token')
    if (Number.isNaN(this.endAt)) this.endAt = this.at
    if (this.failure === null && this.outputTokens >= 0 && this.outputTokens < leastTokens) {
      this.#fail('short-output', `${this.outputTokens} tokens came, at least ${leastTokens} were asked for`)
    }
  }

  fail(failure: Failure): void {
    this.failure ??= failure
  }

  #fail(kind: Failure['kind'], message: string): void {
    this.failure ??= { kind, message }
  }

  #token(): void {
    const at = this.at
    const chunks = ++this.chunks
    if (chunks === 1) {
      this.firstAt = at
      this.waitedMs = this.readWaitMs
    } else {
      if (chunks === 2) this.secondAt = at
      this.#gaps.record(at - this.lastAt)
    }
    this.lastAt = at
  }

  #end(): void {
    this.ended = true
    this.endAt = this.at
  }

  #readWhole(complete: boolean): void {
    if (!complete) {
      this.#fail('broken-stream', `the connection was closed after ${this.#bodyLength} bytes of an answer`)
      return
    }
    const body = Buffer.concat(this.#body)
    const value = parse(body, 0, body.length)
    if (value === undefined) {
      this.#fail('bad-response', `the answer is not JSON: ${printable(this.#excerpt())}`)
      return
    }
    const chunk = readChunk(this.#api, '', value)
    if (chunk.error !== null) this.#fail('server-error', chunk.error)
    else if (chunk.text === '') this.#fail('short-output', 'the answer has no text')
    this.inputTokens = chunk.usage?.inputTokens ?? -1
    this.outputTokens = chunk.usage?.outputTokens ?? -1
    // When its first token was made can't be seen: no TTFT.
    if (this.#collect) this.text = chunk.text
    this.chunks = 1
    this.lastAt = this.at
  }

  #statusMessage(head: ResponseHead): string {
    const retry = head.retryAfter === null ? '' : ` (Retry-After: ${head.retryAfter})`
    const text = this.#excerpt().replace(/\s+/g, ' ').trim()
    return `HTTP ${head.status}${retry}${text === '' ? '' : `: ${text}`}`
  }

  #excerpt(): string {
    return Buffer.concat(this.#body).toString('utf8', 0, maxExcerpt)
  }
}

/** `[DONE]` */
function isDone(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 6 && bytes[start] === 0x5b && bytes.toString('latin1', start, end) === '[DONE]'
}

function parse(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as unknown
  } catch {
    return undefined
  }
}
