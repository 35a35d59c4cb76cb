import { createServer } from 'node:net'
import { ReadableClock } from '../../src/generators/built-in/readable-clock.ts'
import type { AnswerBytes } from './answer.ts'
import { Answer, answerBytes } from './answer.ts'
import type { PartialTruth } from './cluster.ts'
import type { MockOptions } from './options.ts'
import { defaultOptions } from './options.ts'
import { isStreaming, maxTokensOf, RequestParser } from './request-parser.ts'
import { TruthRecords } from './truth.ts'
import { Wheel } from './wheel.ts'

// A process of its own: `node test/mock-server/main.ts '{"ttftMs":50}' [ADDRESS]` prints {"port":N} and serves until
// stdin ends.
let options: MockOptions = { ...defaultOptions, ...(JSON.parse(process.argv[2] ?? '{}') as Partial<MockOptions>) }
const clock = new ReadableClock()
const wheel = new Wheel()
const truth = new TruthRecords()

let made = new Map<string, AnswerBytes>()
const bytesFor = (tokens: number, path = ''): AnswerBytes => {
  const key = `${path} ${tokens}`
  const known = made.get(key) ?? answerBytes(options, tokens, !path.endsWith('/v1/completions'))
  made.set(key, known)
  return known
}

const json = (value: unknown) => {
  const body = JSON.stringify(value)
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

const server = createServer({ noDelay: true }, socket => {
  const parser = new RequestParser()
  socket.on('error', () => socket.destroy())
  socket.on('data', bytes => {
    // When the socket became readable: a request that waits for this loop is the server's delay, not the client's.
    const readAt = clock.stamp()
    const request = parser.push(bytes)
    if (request === null) return
    const [path, query] = request.path.split('?')
    if (path === '/truth')
      socket.write(json(truth.truth(Number(new URLSearchParams(query).get('last') ?? Number.POSITIVE_INFINITY))))
    else if (request.path === '/reset') {
      truth.reset()
      socket.write(json({}))
    } else if (request.path === '/options') {
      options = { ...options, ...(JSON.parse(request.body.toString()) as Partial<MockOptions>) }
      made = new Map()
      socket.write(json(options))
    } else if (request.method === 'GET') {
      socket.write(json({ object: 'list', data: [{ id: 'mock', object: 'model' }] }))
    } else if (isStreaming(request.body)) {
      const tokens = maxTokensOf(request.body) ?? options.tokens
      const answer = new Answer(socket, readAt, tokens, bytesFor(tokens, path), { options, wheel, truth })
      if (options.ttftMs === 0) answer.fire(performance.now())
      else wheel.add(answer)
    } else {
      const tokens = maxTokensOf(request.body) ?? options.tokens
      const delay = options.ttftMs + (tokens - 1) * options.itlMs
      truth.begin()
      setTimeout(() => {
        const now = performance.now()
        truth.end(readAt, now, now, tokens, 1)
        socket.write(
          json({
            id: 'chatcmpl-0',
            object: 'chat.completion',
            choices: [
              { index: 0, message: { role: 'assistant', content: ' token'.repeat(tokens) }, finish_reason: 'length' },
            ],
            usage: { prompt_tokens: options.promptTokens, completion_tokens: tokens },
          }),
        )
      }, delay)
    }
  })
})
server.listen({ port: 0, host: process.argv[3] ?? '127.0.0.1', backlog: 16384 }, () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null)
    console.log(JSON.stringify({ port: address.port, pid: process.pid }))
})
process.stdin.on('end', () => process.exit(0)).resume()

// As one of several behind one port (cluster.ts), each is asked for what it saw itself.
process.on('message', order => {
  const { requests, ttftMs, itlMs, cpuS } = truth.truth()
  if (order === 'reset') truth.reset()
  process.send?.({ requests, ttftMeanMs: ttftMs?.mean ?? 0, itlMeanMs: itlMs?.mean ?? 0, cpuS } satisfies PartialTruth)
})
