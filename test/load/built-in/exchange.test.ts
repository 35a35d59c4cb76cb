import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Exchange } from '../../../src/load/built-in/exchange.ts'
import { ResponseReader } from '../../../src/load/built-in/response-reader.ts'
import { Histogram } from '../../../src/metrics/histogram.ts'
import type { Api } from '../../../src/point/index.ts'
import { cutsOf, pieces } from './cuts.ts'

interface ReadOptions {
  readonly api?: Api
  readonly streaming?: boolean
  readonly least?: number
  readonly cuts?: readonly number[]
  readonly head?: string
}

const stream = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n'

/** What an exchange makes of a response that ends with its connection; the i-th piece arrives at i ms. */
function read(body: string, options: ReadOptions = {}) {
  const gaps = new Histogram()
  const exchange = new Exchange({ api: options.api ?? 'chat', streaming: options.streaming ?? true, gaps })
  const reader = new ResponseReader(exchange)
  for (const [at, piece] of pieces(Buffer.from(`${options.head ?? stream}${body}`), options.cuts ?? []).entries()) {
    exchange.at = at
    const shared = Buffer.from(piece)
    reader.push(shared, 0, shared.length)
    shared.fill(0)
  }
  exchange.close(reader.close(), options.least ?? 0)
  const { chunks, inputTokens, outputTokens, failure, firstAt, secondAt, lastAt, endAt } = exchange
  return { chunks, inputTokens, outputTokens, failure, firstAt, secondAt, lastAt, endAt, gaps: gaps.count }
}

const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
const delta = (fields: object, finish: string | null = null, more: object = {}) =>
  event({ id: 'x', choices: [{ index: 0, delta: fields, finish_reason: finish }], ...more })
const usage = (output: number, input = 7) =>
  event({ id: 'x', choices: [], usage: { prompt_tokens: input, completion_tokens: output } })
const done = 'data: [DONE]\n\n'

test('role-only, finish-only and usage-only chunks are no tokens', () => {
  const body = `${delta({ role: 'assistant', content: '' })}${delta({ content: 'a' })}${delta({ content: 'b' })}${delta({}, 'stop')}${usage(2)}${done}`
  const seen = read(body)
  assert.equal(seen.chunks, 2)
  assert.equal(seen.failure, null)
  assert.deepEqual([seen.inputTokens, seen.outputTokens], [7, 2])
})

test('reasoning counts as tokens, from its first delta on', () => {
  for (const key of ['reasoning_content', 'reasoning']) {
    const parts = [
      delta({ role: 'assistant' }),
      delta({ [key]: 'hm', content: null }),
      delta({ content: 'a' }),
      `${delta({}, 'stop')}${done}`,
    ]
    const cuts = parts.map((_, i) => stream.length + parts.slice(0, i).join('').length)
    const seen = read(parts.join(''), { cuts })
    assert.equal(seen.chunks, 2)
    assert.equal(seen.firstAt, 2)
    assert.equal(seen.secondAt, 3)
  }
})

test('tool calls count as tokens', () => {
  const body = `${delta({ tool_calls: [{ index: 0, function: { arguments: '{' } }] })}${delta({}, 'tool_calls')}${done}`
  assert.equal(read(body).chunks, 1)
})

test('a text that looks like JSON keys is text', () => {
  const body = `${delta({ content: 'a' })}${delta({ content: '"}],"usage":{"completion_tokens":9},"content":"' })}${delta({ content: '\\' })}${delta({}, 'stop')}${usage(3)}${done}`
  const seen = read(body)
  assert.deepEqual([seen.chunks, seen.outputTokens, seen.failure], [3, 3, null])
})

test('an empty text in the shape of a token is no token', () => {
  const body = `${delta({ content: 'a' })}${delta({ content: '' })}${delta({ content: 'b' })}${delta({}, 'stop')}${done}`
  assert.equal(read(body).chunks, 2)
})

test('the last usage wins when it comes twice', () => {
  assert.equal(read(`${delta({ content: 'a' })}${usage(1)}${usage(2)}${delta({}, 'stop')}${done}`).outputTokens, 2)
})

test('the count of gaps is the count of chunks less one', () => {
  assert.equal(read(`${delta({ content: 'a' }).repeat(5)}${done}`).gaps, 4)
})

test('completions and responses are read in their own shapes', () => {
  const completion = (text: string, finish: string | null) =>
    event({ choices: [{ text, index: 0, finish_reason: finish }] })
  assert.equal(read(`${completion('a', null)}${completion('b', 'length')}${done}`, { api: 'completions' }).chunks, 2)
  const typed = (type: string, fields: object) => `event: ${type}\n${event({ type, ...fields })}`
  const body = [
    typed('response.created', { response: { status: 'in_progress' } }),
    typed('response.output_text.delta', { delta: 'a' }),
    typed('response.output_text.delta', { delta: 'b' }),
    typed('response.output_text.done', { text: 'ab' }),
    typed('response.completed', { response: { status: 'completed', usage: { input_tokens: 5, output_tokens: 2 } } }),
  ].join('')
  const seen = read(body, { api: 'responses' })
  assert.deepEqual([seen.chunks, seen.inputTokens, seen.outputTokens, seen.failure], [2, 5, 2, null])
})

for (const [what, body, kind] of [
  [
    'an error inside the stream',
    `${delta({ content: 'a' })}${event({ error: { message: 'worker gone' } })}`,
    'server-error',
  ],
  [
    'an event of type error',
    `${delta({ content: 'a' })}event: error\ndata: {"message":"worker gone"}\n\n`,
    'server-error',
  ],
  ['a stream without [DONE] and finish_reason', delta({ content: 'a' }), 'broken-stream'],
  ['a stream without a token', done, 'short-output'],
  ['an empty stream', '', 'broken-stream'],
  ['an event that is not JSON', `${delta({ content: 'a' })}data: {oops\n\n${done}`, 'bad-response'],
] as const) {
  test(`${what} is ${kind}`, () => {
    assert.equal(read(body).failure?.kind, kind)
  })
}

test('a stream with a finish_reason needs no [DONE]', () => {
  assert.equal(read(`${delta({ content: 'a' })}${delta({}, 'stop')}`).failure, null)
})

test('fewer tokens than the least asked for are short-output', () => {
  const body = `${delta({ content: 'a' })}${delta({}, 'stop')}${usage(1)}${done}`
  assert.equal(read(body, { least: 2 }).failure?.kind, 'short-output')
  assert.equal(read(body, { least: 1 }).failure, null)
})

test('a status that is no success says what the server said and when to come again', () => {
  const head = 'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Type: application/json\r\n\r\n'
  assert.deepEqual(read('{"error":"slow down"}', { head }).failure, {
    kind: 'http-status',
    message: 'HTTP 429 (Retry-After: 3): {"error":"slow down"}',
  })
})

test('JSON where a stream was asked for is a bad response', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n'
  assert.equal(read('{"choices":[]}', { head }).failure?.kind, 'bad-response')
})

test('a whole answer has tokens and no first token', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n'
  const answer = JSON.stringify({
    choices: [{ message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 5 },
  })
  const seen = read(answer, { head, streaming: false })
  assert.deepEqual([seen.failure, seen.inputTokens, seen.outputTokens, seen.firstAt], [null, 3, 5, Number.NaN])
  assert.equal(seen.lastAt, seen.endAt)
})

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const anyEvent = fc.oneof(
  text.map(content => delta({ content })),
  text.map(content => delta({ content, reasoning_content: null })),
  text.map(reasoning => delta({ reasoning_content: reasoning })),
  text.map(content => `data:${JSON.stringify({ choices: [{ delta: { content } }] })}\r\n\r\n`),
  fc.nat(100).map(tokens => usage(tokens)),
  fc.constantFrom(
    ': ping\n\n',
    delta({ role: 'assistant', content: '' }),
    delta({}, 'stop'),
    delta({ content: 'x' }, 'length'),
  ),
)

test('any cutting of the same stream gives the same counts and the same outcome', () => {
  fc.assert(
    fc.property(
      fc.array(anyEvent, { maxLength: 30 }),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      (events, ends, numbers) => {
        const body = `${events.join('')}${ends ? done : ''}`
        const { chunks, gaps, inputTokens, outputTokens, failure } = read(body)
        const cut = read(body, { cuts: cutsOf(numbers, Buffer.byteLength(stream + body)) })
        assert.deepEqual(
          { chunks, gaps, inputTokens, outputTokens, failure },
          {
            chunks: cut.chunks,
            gaps: cut.gaps,
            inputTokens: cut.inputTokens,
            outputTokens: cut.outputTokens,
            failure: cut.failure,
          },
        )
        assert.equal(chunks, events.filter(isToken).length)
      },
    ),
    { numRuns: 300 },
  )
})

test('a stream cut at every byte gives the same as the stream whole', () => {
  const body = `\uFEFF: hi\n\n${delta({ role: 'assistant', content: '' })}${delta({ content: '数' })}${delta({ content: '🙂' })}${delta({ content: '"' })}${delta({}, 'stop')}${usage(3)}${done}`
  const { chunks, gaps, outputTokens, failure } = read(body)
  assert.deepEqual({ chunks, gaps, outputTokens, failure }, { chunks: 3, gaps: 2, outputTokens: 3, failure: null })
  for (let at = 1; at < Buffer.byteLength(stream + body); at++) {
    const cut = read(body, { cuts: [at] })
    assert.deepEqual(
      [cut.chunks, cut.gaps, cut.outputTokens, cut.failure],
      [chunks, gaps, outputTokens, failure],
      `cut at ${at}`,
    )
  }
})

/** Whether an event carries text, by parsing it: what the reader's shortcut must agree with. */
function isToken(one: string): boolean {
  if (!one.startsWith('data:')) return false
  const value = JSON.parse(one.slice(5)) as { choices: { delta?: Record<string, unknown> }[] }
  const fields = value.choices[0]?.delta ?? {}
  return ['content', 'reasoning_content'].some(key => typeof fields[key] === 'string' && fields[key] !== '')
}
