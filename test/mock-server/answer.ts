import type { Socket } from 'node:net'
import type { MockOptions } from './options.ts'
import type { TruthRecords } from './truth.ts'
import type { Due, Wheel } from './wheel.ts'

/** Chunks written at once to a stream that has no delay between them. */
const burst = 32

let answers = 0

/** One HTTP chunk around text. */
function framed(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

/** One answer, written as its time comes; what is recorded is when it was written. */
export class Answer implements Due {
  dueAt: number
  readonly #socket: Socket
  readonly #options: MockOptions
  readonly #wheel: Wheel
  readonly #truth: TruthRecords
  readonly #readAt: number
  readonly #startAt: number
  readonly #chunks: number
  readonly #tokens: number
  readonly #head: Buffer
  readonly #chunk: Buffer
  readonly #tail: Buffer
  #written = 0
  #firstAt = 0

  constructor(socket: Socket, readAt: number, tokens: number, options: MockOptions, wheel: Wheel, truth: TruthRecords) {
    this.#socket = socket
    this.#options = options
    this.#wheel = wheel
    this.#truth = truth
    this.#readAt = readAt
    this.#tokens = tokens
    this.#chunks = Math.max(1, Math.ceil(tokens / options.tokensPerChunk))
    this.#startAt = this.dueAt = readAt + options.ttftMs
    const id = `chatcmpl-${String(answers++).padStart(12, '0')}`
    const event = (delta: object, finish: string | null, usage?: object) =>
      framed(
        `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: 1764000000, model: 'mock', choices: [{ index: 0, delta, finish_reason: finish }], ...(usage === undefined ? {} : { usage }) })}\n\n`,
      )
    this.#head = Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${event({ role: 'assistant', content: '' }, null)}`,
    )
    this.#chunk = Buffer.from(event({ content: ' token'.repeat(options.tokensPerChunk) }, null))
    const usage = {
      prompt_tokens: options.promptTokens,
      completion_tokens: tokens,
      total_tokens: options.promptTokens + tokens,
    }
    this.#tail = Buffer.from(`${event({}, 'length', usage)}${framed('data: [DONE]\n\n')}0\r\n\r\n`)
    truth.begin()
  }

  fire(now: number): void {
    const first = this.#written === 0
    const { itlMs } = this.#options
    const many = itlMs === 0 ? Math.min(burst, this.#chunks - this.#written) : 1
    this.#written += many
    const last = this.#written >= this.#chunks
    if (first) this.#firstAt = now
    this.#socket.write(first || last || many > 1 ? this.#pieces(first, many, last) : this.#chunk)
    if (last) {
      this.#truth.end(this.#readAt, this.#firstAt, now, this.#tokens, this.#chunks)
      return
    }
    if (itlMs === 0) {
      setImmediate(() => this.fire(performance.now()))
      return
    }
    this.dueAt = this.#startAt + this.#written * itlMs
    this.#wheel.add(this)
  }

  #pieces(first: boolean, many: number, last: boolean): Buffer {
    const parts: Buffer[] = []
    if (first) parts.push(this.#head)
    for (let i = 0; i < many; i++) parts.push(this.#chunk)
    if (last) parts.push(this.#tail)
    return Buffer.concat(parts)
  }
}
