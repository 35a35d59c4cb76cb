import type { Socket } from 'node:net'
import type { MockOptions } from './options.ts'
import type { TruthRecords } from './truth.ts'
import type { Due, Wheel } from './wheel.ts'

/** Chunks written at once to a stream that has no delay between them. */
const burst = 32
const idDigits = 12
const noId = '0'.repeat(idDigits)

/** The bytes of an answer with the id left open: made once, copied for each answer. */
export interface AnswerBytes {
  /** Head with the role chunk, {@link count} token chunks, and the end: one after another. */
  readonly bytes: Buffer
  readonly headLength: number
  readonly chunkLength: number
  /** Token chunks in {@link bytes}. */
  readonly count: number
  /** Where ids begin. */
  readonly ids: readonly number[]
}

/** Makes the bytes of answers of so many tokens, to a chat or to a text. */
export function answerBytes(options: MockOptions, tokens: number, isChat = true): AnswerBytes {
  const event = (said: string | null, finish: string | null, more: object = {}) => {
    const delta = said === null ? {} : said === '' ? { role: 'assistant', content: said } : { content: said }
    const choices = [{ index: 0, ...(isChat ? { delta } : { text: said ?? '' }), finish_reason: finish }]
    const object = isChat ? 'chat.completion.chunk' : 'text_completion'
    const base = { id: `chatcmpl-${noId}`, object, created: 1764000000, model: 'mock' }
    return framed(`data: ${JSON.stringify({ ...base, choices, ...more })}\n\n`)
  }
  const usage = {
    prompt_tokens: options.promptTokens,
    completion_tokens: tokens,
    total_tokens: options.promptTokens + tokens,
  }
  const fields = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
  const head = `${fields}${event('', null)}`
  const chunk = event(' token'.repeat(options.tokensPerChunk), null)
  const end = `${event(null, 'length', { usage })}${framed('data: [DONE]\n\n')}0\r\n\r\n`
  const count = options.itlMs === 0 ? Math.min(burst, chunksOf(options, tokens)) : 1
  const bytes = Buffer.from(`${head}${chunk.repeat(count)}${end}`)
  const ids: number[] = []
  for (let at = bytes.indexOf(noId); at >= 0; at = bytes.indexOf(noId, at + idDigits)) ids.push(at)
  return { bytes, headLength: head.length, chunkLength: chunk.length, count, ids }
}

function chunksOf(options: MockOptions, tokens: number): number {
  return Math.max(1, Math.ceil(tokens / options.tokensPerChunk))
}

/** One HTTP chunk around text. */
function framed(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

/** What answers share. */
export interface AnswerContext {
  readonly options: MockOptions
  readonly wheel: Wheel
  readonly truth: TruthRecords
}

let answers = 0

/** One answer, written as its time comes; what is recorded is when it was written. */
export class Answer implements Due {
  dueAt: number
  readonly #socket: Socket
  readonly #context: AnswerContext
  readonly #readAt: number
  readonly #startAt: number
  readonly #tokens: number
  readonly #chunks: number
  readonly #made: AnswerBytes
  readonly #bytes: Buffer
  #written = 0
  #firstAt = 0

  constructor(socket: Socket, readAt: number, tokens: number, made: AnswerBytes, context: AnswerContext) {
    this.#socket = socket
    this.#context = context
    this.#readAt = readAt
    this.#tokens = tokens
    this.#chunks = chunksOf(context.options, tokens)
    this.#made = made
    this.#startAt = this.dueAt = readAt + context.options.ttftMs
    this.#bytes = Buffer.allocUnsafe(made.bytes.length)
    made.bytes.copy(this.#bytes)
    const id = String(answers++).padStart(idDigits, '0')
    for (const at of made.ids) this.#bytes.write(id, at, 'latin1')
    context.truth.begin()
  }

  fire(now: number): void {
    const first = this.#written === 0
    const many = Math.min(this.#made.count, this.#chunks - this.#written)
    this.#written += many
    const last = this.#written >= this.#chunks
    if (first) this.#firstAt = now
    if (this.#socket.destroyed) {
      this.#context.truth.drop()
      return
    }
    this.#socket.write(this.#piece(first, many, last))
    const { itlMs } = this.#context.options
    if (last) this.#context.truth.end(this.#readAt, this.#firstAt, now, this.#tokens, this.#chunks)
    else if (itlMs === 0) setImmediate(() => this.fire(performance.now()))
    else {
      this.dueAt = this.#startAt + this.#written * itlMs
      this.#context.wheel.add(this)
    }
  }

  /**
   * A first, a last and a middle piece lie together in the bytes; only a short first piece that isn't the last leaves
   * chunks out.
   */
  #piece(first: boolean, many: number, last: boolean): Buffer {
    const { headLength, chunkLength, count } = this.#made
    const chunksEnd = headLength + count * chunkLength
    const from = first ? 0 : chunksEnd - many * chunkLength
    return this.#bytes.subarray(from, last ? this.#bytes.length : chunksEnd)
  }
}
