import { isInHead, leastTokenMs } from '../../metrics/arrivals.ts'
import type { Histogram } from '../../metrics/histogram.ts'
import { type Api, counted, generates } from '../../model/index.ts'
import { endings } from './answer-ends.ts'
import { type Chunk, type Drafts, isErrorEvent, readChunk } from './chunk.ts'
import type { EventSink } from './event-reader.ts'
import { EventReader } from './event-reader.ts'
import type { Failure } from './failure.ts'
import type { ResponseHead } from './response-head.ts'
import { printable } from './response-head.ts'
import type { ResponseSink } from './response-reader.ts'
import { Template } from './template.ts'
import { type UsageState, usageStateOf } from './usage-state.ts'

const dataPrefix = Buffer.from('data: ')
/** After this many templates without a match, the stream stops learning. */
const maxLessons = 8
/** Maximum size of a body that is not a stream, and of a whole answer. */
const maxExcerpt = 2048
const maxAnswer = 64 * 1024 * 1024

/**
 * Maximum bytes of an answer's text that are kept for counting its tokens: about 7,000 tokens. Ten thousand connections
 * have one buffer each.
 */
const maxText = 32 * 1024
const noBytes = Buffer.alloc(0)
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** JSON keys of the answer's text, as opposed to reasoning. */
const answerKeys = new Set(['content', 'text', 'delta'])

/** What an exchange records about its request. */
export interface ExchangeOptions {
  readonly api: Api
  readonly streaming: boolean
  /** Receives gaps between the chunks of an answer. */
  readonly gaps: Histogram
  /** One number that counts chunks with a token as they arrive; absent if nothing reads it. */
  readonly arrived?: Float64Array
  /** Whether to keep the answer's text, for which every chunk must be parsed. */
  readonly collect?: boolean
}

/**
 * State of one answer as it arrives: the times and number of its tokens, and its end. A connection reuses it for all of
 * its requests, and allocates nothing for a token.
 */
export class Exchange implements ResponseSink, EventSink {
  /** Time at which the bytes became readable. Set by the connection before it passes them on. */
  at = 0
  /** Set with {@link at}: the maximum time that the bytes may have been readable before it, ms. */
  readWaitMs = 0
  sentAt = 0
  /** Due time of the request, from which latency counts; null if it counts from {@link sentAt}. */
  dueAt: number | null = null
  /** Receives the TTFT as soon as it is known; null if nothing reads it. */
  firsts: Histogram | null = null
  /** Receives gaps between this answer's chunks. */
  gaps: Histogram
  /** Number of chunks with at least one token, and the times of the first, second and last; NaN without any. */
  chunks = 0
  firstAt = Number.NaN
  secondAt = Number.NaN
  lastAt = Number.NaN
  /** How the chunks arrived: see `Arrivals`. */
  headChunks = 0
  laterArrivals = 0
  restAt = Number.NaN
  restFrom = 0
  lastGapMs = Number.NaN
  /** Time of the first chunk with more than reasoning; NaN without any. */
  answerAt = Number.NaN
  /** Number of chunks with reasoning. */
  reasoningChunks = 0
  /** {@link readWaitMs} of the first token. */
  waitedMs = Number.NaN
  /** Time of the end of the answer: its last event, or the end of its body. */
  endAt = Number.NaN
  /** The server's last count; −1 if it did not report one. See {@link usage}. */
  inputTokens = -1
  outputTokens = -1
  /** Prompt tokens from the server's prefix cache; −1 if it did not report them. */
  cachedTokens = -1
  /** Output tokens that the server counts as reasoning; −1 if it did not report them. */
  reasoningTokens = -1
  /** Speculative decoding of the request; null if the server does not report it. */
  drafts: Drafts | null = null
  /** Tokens of the first chunk according to the server (`continuous_usage_stats`); 0 if it did not report them. */
  firstTokens = 0
  /** Text of the first chunk; empty for a tool call. */
  firstText = ''
  /** The answer without reasoning, if {@link ExchangeOptions.collect} is set. */
  text = ''
  failure: Failure | null = null
  /** Whether `[DONE]` or its equivalent arrived, so that nothing more is expected. */
  ended = false

  readonly #arrived: Float64Array
  readonly #api: Api
  readonly #streaming: boolean
  readonly #collect: boolean
  readonly #events = new EventReader(this)
  readonly #template = new Template()
  #lessons = 0
  #finished = false
  #blankFinish = false
  /** Value of {@link chunks} when the usage arrived. */
  #usageAt = 0
  /** The answer's text as JSON, up to {@link maxText}. Reusing the buffer avoids allocations per token. */
  #text = noBytes
  #textLength = 0
  #textBytes = 0
  /** Start and end offsets of reasoning in {@link #text}, in pairs. */
  #reasoning: number[] = []
  /** Total length of the reasoning, including what was not kept. */
  #reasoningBytes = 0
  /** Whether chunks like the {@link #template} are reasoning. */
  #templateReasons = false
  /** Whether the stream has ended. An event that this cuts off is not an error. */
  #closing = false
  #status = 0
  #head: ResponseHead | null = null
  #isStream = false
  #body: Buffer[] = []
  #bodyLength = 0

  constructor(options: ExchangeOptions) {
    this.#api = options.api
    this.#streaming = options.streaming
    this.gaps = options.gaps
    this.#arrived = options.arrived ?? new Float64Array(1)
    this.#collect = options.collect ?? false
  }

  /** Resets for the next answer. */
  next(): void {
    this.chunks = this.headChunks = this.laterArrivals = this.restFrom = 0
    this.lastGapMs = this.restAt = Number.NaN
    this.firstAt = this.secondAt = this.lastAt = this.endAt = this.waitedMs = this.answerAt = Number.NaN
    this.inputTokens = this.outputTokens = this.cachedTokens = this.reasoningTokens = -1
    this.drafts = null
    this.reasoningChunks = 0
    this.firstTokens = 0
    this.firstText = ''
    this.text = ''
    this.failure = null
    this.ended = false
    this.#lessons = 0
    this.#finished = false
    this.#blankFinish = false
    this.#usageAt = 0
    this.#textLength = 0
    this.#textBytes = 0
    if (this.#reasoning.length > 0) this.#reasoning = []
    this.#reasoningBytes = 0
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
    this.#isStream = head.status < 300 && head.contentType === 'text/event-stream' && head.encoding === undefined
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
    const template = this.#template
    const after = template.match(bytes, start, end)
    if (after < 0) return after
    this.#token()
    const [from, length] = [this.#textLength, this.#textBytes]
    this.#keep(bytes, template.textStart, template.textEnd)
    if (this.#templateReasons) this.#reasoned(from, length)
    else this.#answered()
    if (template.outputTokens >= 0) {
      this.outputTokens = template.outputTokens
      this.#usageAt = this.chunks
    }
    return after
  }

  onEvent(bytes: Buffer, start: number, end: number, type: string): void {
    if (this.ended) return
    if (start === end) {
      if (isErrorEvent(type)) this.#fail('server-error', `the server ended the stream with an event '${type}'`)
      return
    }
    if (isDone(bytes, start, end) && !isErrorEvent(type)) {
      this.#end()
      return
    }
    const value = parse(bytes, start, end)
    if (value === undefined && this.#closing) return
    if (value === undefined || typeof value === 'string') {
      const what = printable(bytes.toString('utf8', start, Math.min(end, start + 200)))
      if (isErrorEvent(type)) this.#fail('server-error', `the server ended the stream with an error: ${what}`)
      else this.#fail('bad-response', `an event is not JSON of an answer: ${what}`)
      return
    }
    const chunk = readChunk(this.#api, type, value)
    if (chunk.error !== null) {
      this.#fail('server-error', `the server ended the stream with an error: ${chunk.error}`)
      return
    }
    if (chunk.token) {
      if (this.chunks === 0 && chunk.key !== 'several') this.firstText = chunk.text
      this.#token()
      this.#keepChunk(chunk)
      if (this.#collect && (answerKeys.has(chunk.key) || chunk.reasoningChars > 0))
        this.text += chunk.text.slice(chunk.reasoningChars)
      const plain = !this.#collect && !chunk.finished && type === ''
      if (plain && this.#lessons++ < maxLessons) {
        this.#template.learn(bytes, start, end, chunk.key, dataPrefix)
        this.#templateReasons = chunk.reasoningChars > 0
      }
    }
    if (chunk.usage !== null) {
      this.inputTokens = chunk.usage.inputTokens
      this.outputTokens = chunk.usage.outputTokens
      if (chunk.usage.cachedTokens >= 0) this.cachedTokens = chunk.usage.cachedTokens
      if (chunk.usage.reasoningTokens >= 0) this.reasoningTokens = chunk.usage.reasoningTokens
      this.#usageAt = this.chunks
      if (chunk.token && this.chunks === 1) this.firstTokens = chunk.usage.outputTokens
    }
    if (chunk.drafts !== null) this.drafts = chunk.drafts
    if (chunk.blankFinish) this.#blankFinish = true
    if (chunk.finished) {
      this.#finished = true
      this.endAt = this.at
      // The Responses API has no [DONE]; its last event is the end.
      if (this.#api === 'responses') this.#end()
    }
  }

  /** The {@link endings} of the answer. An answer that was not streamed needs no `[DONE]`. */
  get ending(): number {
    return (this.ended || !this.#streaming ? endings.done : 0) | (this.#finished ? endings.finishReason : 0)
  }

  /** Plausibility of the server's count of output tokens. */
  get usage(): UsageState {
    return usageStateOf(this.outputTokens, this.#usageAt, this.chunks, this.#textBytes)
  }

  /** The kept text of the answer, including reasoning, and the ratio of the whole length to it. */
  wholeText(): { readonly text: string; readonly times: number } {
    const json = this.#text.toString('utf8', 0, this.#textLength)
    const times = this.#textLength === 0 ? 1 : this.#textBytes / this.#textLength
    return { text: unquoted(json), times }
  }

  /** The kept text of the reasoning, and the ratio of the whole length to it; null without reasoning. */
  reasoningText(): { readonly text: string; readonly times: number } | null {
    if (this.reasoningChunks === 0) return null
    let kept = 0
    const parts: Buffer[] = []
    for (let i = 0; i < this.#reasoning.length; i += 2) {
      const from = this.#reasoning[i] ?? 0
      const to = this.#reasoning[i + 1] ?? from
      kept += to - from
      parts.push(this.#text.subarray(from, to))
    }
    const json = Buffer.concat(parts).toString('utf8')
    return { text: unquoted(json), times: kept === 0 ? 1 : this.#reasoningBytes / kept }
  }

  /**
   * Handles the end of the response and decides whether it was a valid answer. `complete` is true if it ended as HTTP
   * requires.
   */
  close(complete: boolean, leastTokens: number): void {
    if (this.#isStream && !this.ended && complete) {
      this.#closing = true
      this.#events.close()
    }
    if (this.failure !== null) return
    if (this.#head === null) this.#fail('broken-stream', 'the server closed the connection without an answer')
    else if (this.#status < 200 || this.#status >= 300) this.#fail('http-status', this.#statusMessage(this.#head))
    else if (this.#head.encoding !== undefined)
      this.#fail(
        'bad-response',
        `the response is compressed (${this.#head.encoding}), although the request did not ask for it`,
      )
    else if (!this.#streaming) this.#readWhole(complete)
    else if (!this.#isStream) this.#failUnstreamed(this.#head)
    else if (!this.ended && !this.#finished) {
      const ends = this.#blankFinish ? 'an empty finish_reason and no [DONE]' : 'neither [DONE] nor a finish_reason'
      this.#fail('broken-stream', `the stream ended after ${this.chunks} chunks with ${ends}`)
    } else if (!this.#finished && this.#blankFinish)
      this.#fail('broken-stream', `the stream ended after ${this.chunks} chunks with an empty finish_reason`)
    else if (!this.ended && !complete)
      this.#fail(
        'broken-stream',
        `the connection was closed after ${this.chunks} chunks, before the end of the response`,
      )
    else if (this.chunks === 0) this.#fail('short-output', 'the stream ended without a token')
    if (Number.isNaN(this.endAt)) this.endAt = this.at
    if (this.failure === null && this.usage === 'said' && this.outputTokens < leastTokens) {
      this.#fail(
        'short-output',
        `${counted(this.outputTokens, 'token')} arrived, but the request asked for at least ${leastTokens}`,
      )
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
    this.#arrived[0] = (this.#arrived[0] ?? 0) + 1
    if (chunks === 1) {
      this.headChunks = 1
      this.firstAt = at
      this.waitedMs = this.readWaitMs
      this.firsts?.record(at - (this.dueAt ?? this.sentAt))
    } else {
      if (chunks === 2) this.secondAt = at
      const gapMs = at - this.lastAt
      this.gaps.record(gapMs)
      this.#arrivedAfter(gapMs, at - this.firstAt)
    }
    this.lastAt = at
  }

  /** The same as `arrivalsOf`, chunk by chunk. */
  #arrivedAfter(gapMs: number, sinceFirstMs: number): void {
    this.lastGapMs = gapMs
    if (isInHead(sinceFirstMs, this.chunks)) {
      this.headChunks = this.chunks
      this.laterArrivals = this.restFrom = 0
      this.restAt = Number.NaN
      return
    }
    if (gapMs >= leastTokenMs || this.laterArrivals === 0) this.laterArrivals += 1
    if (this.laterArrivals > 1) return
    if (this.restFrom === 0) this.restAt = this.at
    this.restFrom = this.chunks
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
    else if (!chunk.token)
      this.#fail('short-output', generates(this.#api) ? 'the answer has no text' : 'the answer has no embedding')
    else if (chunk.blankFinish && !chunk.finished)
      this.#fail('broken-stream', 'the answer has an empty finish_reason: it was cut before its end')
    this.#finished = chunk.finished
    this.inputTokens = chunk.usage?.inputTokens ?? -1
    this.outputTokens = chunk.usage?.outputTokens ?? -1
    this.cachedTokens = chunk.usage?.cachedTokens ?? -1
    this.reasoningTokens = chunk.usage?.reasoningTokens ?? -1
    this.drafts = chunk.drafts
    // The time of the first token is unknown, so there is no TTFT.
    if (this.#collect) this.text = chunk.text.slice(chunk.reasoningChars)
    this.#keepChunk(chunk)
    this.answerAt = Number.NaN
    this.chunks = this.#usageAt = generates(this.#api) ? 1 : 0
    this.lastAt = this.at
  }

  /** The response is not a stream: an error of the server, or another kind of answer. */
  #failUnstreamed(head: ResponseHead): void {
    const body = Buffer.concat(this.#body)
    const value = parse(body, 0, body.length)
    const error = value === undefined ? null : readChunk(this.#api, '', value).error
    if (error !== null) {
      this.#fail('server-error', `the server answered HTTP ${head.status} with an error: ${error}`)
      return
    }
    const got = head.contentType === '' ? 'no content type' : head.contentType
    this.#fail('bad-response', `asked for text/event-stream, got ${got}: ${printable(this.#excerpt())}`)
  }

  #answered(): void {
    if (Number.isNaN(this.answerAt)) this.answerAt = this.at
  }

  /** Marks the text kept after offset `from` of {@link #text} as reasoning; `bytes` is the total length before it. */
  #reasoned(from: number, bytes: number): void {
    this.reasoningChunks += 1
    this.#reasoningBytes += this.#textBytes - bytes
    if (this.#textLength === from) return
    const last = this.#reasoning.length - 1
    if (last >= 0 && this.#reasoning[last] === from) this.#reasoning[last] = this.#textLength
    else this.#reasoning.push(from, this.#textLength)
  }

  /** Keeps the text of a chunk: its reasoning, then the rest. */
  #keepChunk({ text, reasoningChars }: Chunk): void {
    if (reasoningChars > 0) {
      const [from, bytes] = [this.#textLength, this.#textBytes]
      this.#keepText(text.slice(0, reasoningChars))
      this.#reasoned(from, bytes)
      if (reasoningChars === text.length) return
    }
    this.#answered()
    this.#keepText(reasoningChars > 0 ? text.slice(reasoningChars) : text)
  }

  #keepText(text: string): void {
    const at = this.#textLength
    const length = at + text.length
    if (length <= maxText) {
      if (length > this.#text.length) this.#growText(length)
      // Most text needs no JSON escapes.
      const kept = this.#text
      let i = 0
      for (; i < text.length; i++) {
        const code = text.charCodeAt(i)
        if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) break
        kept[at + i] = code
      }
      if (i === text.length) {
        this.#textBytes += i
        this.#textLength = length
        return
      }
    }
    const bytes = Buffer.from(JSON.stringify(text))
    this.#keep(bytes, 1, bytes.length - 1)
  }

  /** Keeps a piece of the answer's text, as escaped JSON. */
  #keep(bytes: Buffer, start: number, end: number): void {
    const at = this.#textLength
    const length = at + end - start
    this.#textBytes += end - start
    if (length > maxText) return
    if (length > this.#text.length) this.#growText(length)
    const kept = this.#text
    for (let from = start, to = at; from < end; from++, to++) kept[to] = bytes[from] ?? 0
    this.#textLength = length
  }

  #growText(length: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(256, 2 ** Math.ceil(Math.log2(length))))
    this.#text.copy(grown, 0, 0, this.#textLength)
    this.#text = grown
  }

  #statusMessage(head: ResponseHead): string {
    const retry = head.retryAfter === null ? '' : ` (Retry-After: ${head.retryAfter})`
    const text = this.#excerpt().replace(/\s+/g, ' ').trim()
    const to = head.location === null ? '' : `, a redirect to ${head.location}`
    return `HTTP ${head.status}${to}${retry}${text === '' ? '' : `: ${text}`}`
  }

  #excerpt(): string {
    return Buffer.concat(this.#body).toString('utf8', 0, maxExcerpt)
  }
}

/** `[DONE]` */
function isDone(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 6 && bytes[start] === 0x5b && bytes.toString('latin1', start, end) === '[DONE]'
}

/** Decodes JSON text; returns it unchanged if it was cut within a character. */
function unquoted(json: string): string {
  try {
    return JSON.parse(`"${json}"`) as string
  } catch {
    return json
  }
}

function parse(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as unknown
  } catch {
    return undefined
  }
}
