import type { Server } from 'node:net'
import { createServer } from 'node:net'
import { Histogram } from '../../metrics/histogram.ts'
import { createControl } from './control.ts'
import { Exchange } from './exchange.ts'
import type { Job } from './job.ts'
import { createLiveTable } from './live-table.ts'
import { ResponseReader } from './response-reader.ts'
import { runJob } from './thread-run.ts'

const slots = 16
const requests = 96
const tokens = 8
/** Number of answers to read from memory, which costs a hundredth of reading them from sockets. */
const answersRead = 400

/**
 * Reads answers from memory, and runs a small load against a server in this thread, so that all code is compiled before
 * the measurement. Without it, cold code added 9 ms to the first burst at 512 slots.
 */
export async function rehearse(): Promise<void> {
  readAnswers()
  const server = createServer({ noDelay: true }, socket => {
    socket.on('error', () => socket.destroy())
    socket.on('data', () => {
      let sent = 0
      const next = () => {
        socket.write(sent === 0 ? head : sent <= tokens ? chunk : end)
        if (sent++ <= tokens) setImmediate(next)
      }
      next()
    })
  })
  const port = await listen(server)
  try {
    await runJob(jobFor(port), () => {})
  } finally {
    server.close()
  }
}

/**
 * Reads one event at a time, as connections do. Answers differ as those of servers do, in fields, lengths and times: code
 * compiled for one kind alone would be thrown away at the first token of another, when it matters.
 */
function readAnswers(): void {
  const exchange = new Exchange({ api: 'chat', streaming: true, gaps: new Histogram() })
  exchange.firsts = new Histogram()
  const reader = new ResponseReader(exchange)
  const kinds = answers.map(pieces => pieces.map(piece => Buffer.from(piece)))
  for (let i = 0; i < answersRead; i++) {
    exchange.next()
    reader.next()
    exchange.sentAt = exchange.at
    // First tokens after 50 ms to 4 s, the others 5 ms to 85 ms apart.
    exchange.at += 49.9 + (i % 16) ** 3
    for (const piece of kinds[i % kinds.length] ?? []) {
      reader.push(piece, 0, piece.length)
      exchange.at += 5.1 + 5.3 * (i % 16)
    }
    exchange.close(true, tokens)
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

function jobFor(port: number): Job {
  const request = Buffer.from('POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n')
  return {
    table: null,
    live: createLiveTable(1),
    target: { host: '127.0.0.1', port, tls: null, label: 'rehearsal', lookupMs: 0 },
    api: 'chat',
    streaming: true,
    requests: {
      count: 1,
      spare: 0,
      bytes: request,
      offsets: Float64Array.of(0, request.length),
      inputTokens: Uint32Array.of(1),
      outputTokens: Uint32Array.of(tokens),
      leastTokens: Uint32Array.of(tokens),
      headLength: 0,
      prompts: Float64Array.of(0, 0),
      turns: 1,
    },
    schedule: { kind: 'closed', concurrency: slots, requests },
    window: 'steady',
    warmup: slots,
    firstMeasured: slots,
    thinkMs: 0,
    durationMs: null,
    graceMs: 0,
    timeoutMs: 10_000,
    control: createControl(),
    thread: 0,
    threads: 1,
  }
}

function framed(data: string): string {
  const text = `data: ${data}\n\n`
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

/** An event of a server whose choices or whole events may have more fields. */
const event = (id: string, delta: object, fields: object = {}, more: object = {}) =>
  framed(
    JSON.stringify({
      id,
      object: 'chat.completion.chunk',
      created: 0,
      model: 'rehearsal',
      choices: [{ index: 0, delta, ...fields, finish_reason: null }],
      ...more,
    }),
  )

const usage = { prompt_tokens: 1, completion_tokens: tokens, total_tokens: 1 + tokens }
const headers = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const ending = (last: object) => `${framed(JSON.stringify(last))}${framed('[DONE]')}0\r\n\r\n`
const finished = { choices: [{ index: 0, delta: {}, finish_reason: 'length' }] }

/** Events of one answer: as the mock of a plain server, Dynamo and vLLM write them. */
const plain = (id: string, text: string) => [
  `${headers}${event(id, { role: 'assistant', content: '' })}`,
  ...Array.from({ length: tokens }, () => event(id, { content: text })),
  ending({ id, ...finished, usage }),
]
const dynamo = (id: string, text: string) => [
  headers,
  ...Array.from({ length: tokens }, (_, i) =>
    event(id, { content: text.repeat(1 + (i % 3)), role: 'assistant' }, { logprobs: null }, { usage: null }),
  ),
  `${event(id, {}, { logprobs: null, stop_reason: null })}${ending({ id, choices: [], usage })}`,
]
const answers = [
  plain('chatcmpl-1', ' token'),
  dynamo('chatcmpl-0123456789ab', ' a'),
  plain('chatcmpl-000000000012', ' "quoted"'),
  dynamo('cmpl-12', ' word\n'),
]
const [head = '', chunk = ''] = plain('chatcmpl-rehearsal', ' token')
const end = ending({ ...finished, usage })
