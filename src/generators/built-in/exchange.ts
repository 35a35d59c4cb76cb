import type { Histogram } from '../../metrics/histogram.ts'
import { type Api, generates } from '../../model/index.ts'
import { endings } from './answer-ends.ts'
import { type Chunk, isErrorEvent, readChunk } from './chunk.ts'
import type { EventSink } from './event-reader.ts'
import { EventReader } from './event-reader.ts'
import type { Failure } from './failure.ts'
import type { ResponseHead } from './response-head.ts'
import { printable } from './response-head.ts'
import type { ResponseSink } from './response-reader.ts'
import { Template } from './template.ts'
import { type UsageState, usageStateOf } from './usage-state.ts'

const dataPrefix = Buffer.from('data: ')
/** Templates learned in vain before a stream is taken to have none. */
const maxLessons = 8
/** Bytes kept of a body that isn't a stream; what a whole answer may have. */
const maxExcerpt = 2048
const maxAnswer = 64 * 1024 * 1024

/**
 * Bytes kept of an answer's text in case that its tokens have to be counted: some 7,000 tokens; ten thousand
 * connections have one each.
 */
const maxText = 32 * 1024
const noBytes = Buffer.alloc(0)
const QUOTE = 0x22
const BACKSLASH = 0x5c

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
  /** Where gaps between this answer's chunks go. */
  gaps: Histogram
  /** Chunks with at least one token, when the first, second and last came; NaN when none did. */
  chunks = 0
  firstAt = Number.NaN
  secondAt = Number.NaN
  lastAt = Number.NaN
  /** When the first chunk came that had some of the answer and not reasoning alone; NaN when none did. */
  answerAt = Number.NaN
  /** Chunks that had reasoning. */
  reasoningChunks = 0
  /** {@link readWaitMs} of the first token. */
  waitedMs = Number.NaN
  /** The end of the answer: its last event, or of its body. */
  endAt = Number.NaN
  /** The server's count as it was written last; −1 when it didn't say. See {@link usage}. */
  inputTokens = -1
  outputTokens = -1
  /** Prompt tokens that the server says came from its prefix cache; −1 when it didn't say. */
  cachedTokens = -1
  /** Output tokens that the server counts as reasoning; −1 when it didn't say. */
  reasoningTokens = -1
  /** Tokens of the first chunk as the server counts them (`continuous_usage_stats`); 0 when it didn't say. */
  firstTokens = 0
  /** Text of the first chunk; empty where it is no text, as in a tool call. */
  firstText = ''
  /** The answer without its reasoning, where {@link ExchangeOptions.collect} asks for it. */
  text = ''
  failure: Failure | null = null
  /** `[DONE]` or its like came: nothing more is to be expected. */
  ended = false

  readonly #api: Api
  readonly #streaming: boolean
  readonly #collect: boolean
  readonly #events = new EventReader(this)
  readonly #template = new Template()
  #lessons = 0
  #finished = false
  #blankFinish = false
  /** {@link chunks} when the usage came. */
  #usageAt = 0
  /**
   * The answer's text as JSON writes it, up to {@link maxText}; kept from answer to answer, so that nothing is
   * allocated for a token.
   */
  #text = noBytes
  #textLength = 0
  #textBytes = 0
  /** Where in {@link #text} reasoning begins and ends, in pairs. */
  #reasoning: number[] = []
  /** Length of all reasoning, kept or not. */
  #reasoningBytes = 0
  /** Whether chunks like the {@link #template} are reasoning. */
  #templateReasons = false
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
    this.gaps = options.gaps
    this.#collect = options.collect ?? false
  }

  /** Forgets the last answer. */
  next(): void {
    this.chunks = 0
    this.firstAt = this.secondAt = this.lastAt = this.endAt = this.waitedMs = this.answerAt = Number.NaN
    this.inputTokens = this.outputTokens = this.cachedTokens = this.reasoningTokens = -1
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
    if (chunk.blankFinish) this.#blankFinish = true
    if (chunk.finished) {
      this.#finished = true
      this.endAt = this.at
      // The Responses API has no [DONE]: its last event is its end.
      if (this.#api === 'responses') this.#end()
    }
  }

  /** Which of {@link endings} the answer had. An answer that was not streamed has no `[DONE]` to miss. */
  get ending(): number {
    return (this.ended || !this.#streaming ? endings.done : 0) | (this.#finished ? endings.finishReason : 0)
  }

  /** What the server's count of output tokens is worth. */
  get usage(): UsageState {
    return usageStateOf(this.outputTokens, this.#usageAt, this.chunks, this.#textBytes)
  }

  /** The answer's text, reasoning included, as far as it was kept; and how many times as long the whole of it is. */
  wholeText(): { readonly text: string; readonly times: number } {
    const json = this.#text.toString('utf8', 0, this.#textLength)
    const times = this.#textLength === 0 ? 1 : this.#textBytes / this.#textLength
    return { text: unquoted(json), times }
  }

  /**
   * The reasoning's text, as far as it was kept; and how many times as long the whole of it is. Null without
   * any.
   */
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
        `${this.outputTokens} tokens arrived, but the request asked for at least ${leastTokens}`,
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
    if (chunks === 1) {
      this.firstAt = at
      this.waitedMs = this.readWaitMs
    } else {
      if (chunks === 2) this.secondAt = at
      this.gaps.record(at - this.lastAt)
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
    else if (!chunk.token)
      this.#fail('short-output', generates(this.#api) ? 'the answer has no text' : 'the answer has no embedding')
    else if (chunk.blankFinish && !chunk.finished)
      this.#fail('broken-stream', 'the answer has an empty finish_reason: it was cut before its end')
    this.#finished = chunk.finished
    this.inputTokens = chunk.usage?.inputTokens ?? -1
    this.outputTokens = chunk.usage?.outputTokens ?? -1
    this.cachedTokens = chunk.usage?.cachedTokens ?? -1
    this.reasoningTokens = chunk.usage?.reasoningTokens ?? -1
    // When its first token was made can't be seen: no TTFT.
    if (this.#collect) this.text = chunk.text.slice(chunk.reasoningChars)
    this.#keepChunk(chunk)
    this.answerAt = Number.NaN
    this.chunks = this.#usageAt = generates(this.#api) ? 1 : 0
    this.lastAt = this.at
  }

  /** Asked for a stream and got something else: an error of the server's, or another kind of answer. */
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

  /** What was kept since then is reasoning: from this place in {@link #text}, after so many bytes in all. */
  #reasoned(from: number, bytes: number): void {
    this.reasoningChunks += 1
    this.#reasoningBytes += this.#textBytes - bytes
    if (this.#textLength === from) return
    const last = this.#reasoning.length - 1
    if (last >= 0 && this.#reasoning[last] === from) this.#reasoning[last] = this.#textLength
    else this.#reasoning.push(from, this.#textLength)
  }

  /** Keeps what a chunk brought: its reasoning, then what it has of the answer. */
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
      // Most text is what JSON writes as it is.
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

  /** Keeps a piece of the answer's text as JSON writes it. */
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

/** What JSON writes so; the JSON itself where it was cut within a character. */
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
