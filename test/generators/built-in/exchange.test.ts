import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Exchange } from '../../../src/generators/built-in/exchange.ts'
import { ResponseReader } from '../../../src/generators/built-in/response-reader.ts'
import { arrivalsOf } from '../../../src/metrics/arrivals.ts'
import { Histogram } from '../../../src/metrics/histogram.ts'
import type { Api } from '../../../src/model/index.ts'
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
  const { chunks, inputTokens, outputTokens, cachedTokens, failure, firstAt, secondAt, lastAt, endAt } = exchange
  const { usage: state, firstTokens, firstText, ending } = exchange
  const counted = { usage: state, firstTokens, firstText, ending, ...exchange.wholeText() }
  const tokens = { chunks, inputTokens, outputTokens, cachedTokens }
  return { ...tokens, failure, firstAt, secondAt, lastAt, endAt, gaps: gaps.count, ...counted }
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
  [
    'an error object inside the stream',
    `${delta({ content: 'a' })}${event({ object: 'error', message: 'engine died', code: 500 })}${done}`,
    'server-error',
  ],
  [
    'an event of type error without data',
    `${delta({ content: 'a' })}event: error\n: engine died\n\n${done}`,
    'server-error',
  ],
  ['an event of type error with text', `${delta({ content: 'a' })}event: error\ndata: engine died\n\n`, 'server-error'],
  ['an event of type error that says [DONE]', `${delta({ content: 'a' })}event: error\n${done}`, 'server-error'],
  [
    'an error inside choices',
    `${delta({ content: 'a' })}${event({ choices: [{ index: 0, delta: {}, error: { message: 'gone' } }] })}${done}`,
    'server-error',
  ],
  [
    "FastAPI's detail",
    `${delta({ content: 'a' })}${event({ detail: 'Internal Server Error' })}${done}`,
    'server-error',
  ],
  [
    'a bare message with a code',
    `${delta({ content: 'a' })}${event({ message: 'x', code: 503 })}${done}`,
    'server-error',
  ],
  ['a list of errors', `${delta({ content: 'a' })}${event({ errors: [{ message: 'x' }] })}${done}`, 'server-error'],
  ['a string for an event', `${delta({ content: 'a' })}data: "Internal Server Error"\n\n${done}`, 'bad-response'],
  ...['error', 'abort', 'content_filter', 'unknown', 'cancelled', 'something_new'].map(
    reason =>
      [`finish_reason ${reason}`, `${delta({ content: 'a' })}${delta({}, reason)}${done}`, 'server-error'] as const,
  ),
  ['a finish_reason that stays empty', `${delta({ content: 'a' }, '')}${delta({}, '')}${done}`, 'broken-stream'],
  ['a finish_reason that is empty in a cut answer', delta({ content: 'a' }, '').repeat(3), 'broken-stream'],
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

for (const reason of ['stop', 'length', 'tool_calls', 'eos_token', 'LENGTH']) {
  test(`an answer with finish_reason ${reason} is whole`, () => {
    assert.equal(read(`${delta({ content: 'a' })}${delta({}, reason)}${done}`).failure, null)
  })
}

test('a finish_reason that is empty until the last chunk is none until then', () => {
  assert.equal(read(`${delta({ content: 'a' }, '').repeat(3)}${delta({}, 'length')}${done}`).failure, null)
})

test('completions fail by their finish_reason and errors as chats do', () => {
  const completion = (fields: object) => event({ choices: [{ index: 0, ...fields }] })
  const end = (fields: object) =>
    read(`${completion({ text: 'a' })}${completion(fields)}${done}`, { api: 'completions' })
  assert.equal(end({ text: '', finish_reason: 'abort' }).failure?.kind, 'server-error')
  assert.equal(end({ text: '', finish_reason: '' }).failure?.kind, 'broken-stream')
  assert.equal(end({ text: '', error: 'gone' }).failure?.kind, 'server-error')
  assert.equal(end({ text: 'b', finish_reason: 'length' }).failure, null)
})

test('a response that is incomplete for another reason than its length is a failure', () => {
  const end = (reason: string) =>
    read(
      `${event({ type: 'response.output_text.delta', delta: 'a' })}${event({ type: 'response.incomplete', response: { status: 'incomplete', incomplete_details: { reason } } })}`,
      { api: 'responses' },
    ).failure
  assert.equal(end('max_output_tokens'), null)
  assert.equal(end('content_filter')?.kind, 'server-error')
})

const jsonHead = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n'

for (const [what, answer, kind] of [
  ['an error', { error: { message: 'gone' } }, 'server-error'],
  ['an error object', { object: 'error', message: 'gone', code: 500 }, 'server-error'],
  ['a detail', { detail: 'gone' }, 'server-error'],
  ['a failing finish_reason', { choices: [{ message: { content: 'a' }, finish_reason: 'abort' }] }, 'server-error'],
  ['an empty finish_reason', { choices: [{ message: { content: 'a' }, finish_reason: '' }] }, 'broken-stream'],
  ['an error in its choice', { choices: [{ message: { content: 'a' }, error: { code: 500 } }] }, 'server-error'],
] as const) {
  test(`a whole answer with ${what} is ${kind}, in HTTP 200`, () => {
    assert.equal(read(JSON.stringify(answer), { head: jsonHead, streaming: false }).failure?.kind, kind)
  })
}

test('an error in JSON where a stream was asked for is the error of the server', () => {
  assert.match(read('{"error":{"message":"no room"}}', { head: jsonHead }).failure?.message ?? '', /no room/)
  assert.equal(read('{"detail":"gone"}', { head: jsonHead }).failure?.kind, 'server-error')
})

test('a response whose HTTP body breaks off before [DONE] is a broken stream, finish_reason or not', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 100000\r\n\r\n'
  assert.equal(read(`${delta({ content: 'a' })}${delta({}, 'stop')}`, { head }).failure?.kind, 'broken-stream')
  assert.equal(read(`${delta({ content: 'a' })}${delta({}, 'stop')}${done}`, { head }).failure, null)
})

test('which ends an answer had is told: [DONE], a finish_reason', () => {
  assert.equal(read(`${delta({ content: 'a' })}${done}`).ending, 1)
  assert.equal(read(`${delta({ content: 'a' })}${delta({}, 'stop')}`).ending, 2)
  assert.equal(read(`${delta({ content: 'a' })}${delta({}, 'stop')}${done}`).ending, 3)
})

const finished = `${delta({}, 'length')}`
const tokens = (count: number, more = {}) => delta({ content: ' w' }, null, more).repeat(count)

for (const [what, body, state] of [
  ['as many tokens as chunks', `${tokens(40)}${finished}${usage(40)}${done}`, 'said'],
  ['several tokens a chunk', `${tokens(10)}${finished}${usage(40)}${done}`, 'said'],
  ['a token or two less than chunks', `${tokens(40)}${finished}${usage(38)}${done}`, 'said'],
  ['no usage', `${tokens(40)}${finished}${done}`, 'missing'],
  ['0 tokens for 40 chunks', `${tokens(40)}${finished}${usage(0)}${done}`, 'impossible'],
  ['a negative count', `${tokens(40)}${finished}${usage(-5)}${done}`, 'impossible'],
  ['half a token', `${tokens(40)}${finished}${usage(39.5)}${done}`, 'impossible'],
  ['1 token for 40 chunks', `${tokens(40)}${finished}${usage(1)}${done}`, 'doubtful'],
  ['1 token for a long text', `${delta({ content: ' word'.repeat(100) })}${finished}${usage(1)}${done}`, 'doubtful'],
  ['usage in the first chunk only', `${usage(0)}${tokens(40)}${finished}${done}`, 'early'],
  ['a usage that stops half-way', `${tokens(20)}${usage(20)}${tokens(20)}${finished}${done}`, 'early'],
] as const) {
  test(`a usage with ${what} is ${state}`, () => {
    assert.equal(read(body).usage, state)
  })
}

test('a count that cannot be is not held against the least tokens asked for', () => {
  assert.equal(read(`${tokens(40)}${finished}${usage(0)}${done}`, { least: 40 }).failure, null)
})

test('a usage without prompt tokens says nothing of them', () => {
  assert.equal(
    read(`${tokens(1)}${finished}${event({ choices: [], usage: { completion_tokens: 1 } })}${done}`).inputTokens,
    -1,
  )
})

/** Chunks as vLLM writes them with continuous_usage_stats: `each` tokens a chunk. */
const counting = (chunks: number, each: number) =>
  Array.from({ length: chunks }, (_, at) =>
    tokens(1, { usage: { prompt_tokens: 9, total_tokens: 9 + (at + 1) * each, completion_tokens: (at + 1) * each } }),
  ).join('')

test('a usage that counts on with every chunk tells the tokens of the first, and of all', () => {
  const seen = read(`${delta({ role: 'assistant', content: '' })}${counting(12, 4)}${finished}${usage(48)}${done}`)
  assert.deepEqual([seen.chunks, seen.firstTokens, seen.outputTokens, seen.usage], [12, 4, 48, 'said'])
})

test('a usage that counts on and has no chunk of its own at the end is the last chunk’s', () => {
  const seen = read(`${counting(12, 4)}${finished}${done}`)
  assert.deepEqual([seen.chunks, seen.outputTokens, seen.usage], [12, 48, 'said'])
})

test('a chunk of another shape among counting ones is read, not taken for one', () => {
  const seen = read(`${counting(3, 1)}${delta({ content: 'x' }, 'abort', { usage: { completion_tokens: 4 } })}${done}`)
  assert.equal(seen.failure?.kind, 'server-error')
})

test('text in both spellings of reasoning is one text', () => {
  const mirrored = delta({ reasoning: ' word word', reasoning_content: ' word word' })
  assert.deepEqual([read(`${mirrored}${done}`).text, read(`${mirrored}${done}`).chunks], [' word word', 1])
})

test('the text of a tool call is its name and arguments, and its first chunk no text to count', () => {
  const body = `${delta({ tool_calls: [{ index: 0, id: 'call-3f2a', type: 'function', function: { name: 'weather', arguments: '' } }] })}${delta({ tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] })}${delta({}, 'tool_calls')}${done}`
  const seen = read(body)
  assert.deepEqual([seen.chunks, seen.text, seen.firstText], [2, 'weather{"a":1}', ''])
})

test('the text of an answer is kept as it came, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 30 }), fc.infiniteStream(fc.nat()), (texts, numbers) => {
      const body = `${texts.map(content => delta({ content })).join('')}${done}`
      const cuts = cutsOf(numbers, Buffer.byteLength(stream + body))
      assert.equal(read(body, { cuts }).text, texts.join(''))
    }),
  )
})

test('of an answer longer than what is kept it is known how much longer it is', () => {
  const seen = read(`${delta({ content: ' word word' }).repeat(10_000)}${done}`)
  assert.ok(Math.abs(seen.text.length * seen.times - 100_000) < 1)
  assert.ok(seen.text.length <= 32 * 1024)
})

test('prompt tokens from the prefix cache are read where the usage says them, in every API', () => {
  const withCache = (details: object, names: readonly [string, string] = ['prompt_tokens', 'completion_tokens']) => ({
    [names[0]]: 7,
    [names[1]]: 1,
    [`${names[0]}_details`]: details,
  })
  const chat = (usage: object) =>
    read(`${delta({ content: 'a' }, 'stop')}${event({ id: 'x', choices: [], usage })}${done}`).cachedTokens
  assert.equal(chat(withCache({ cached_tokens: 5 })), 5)
  assert.equal(chat(withCache({ cached_tokens: 0 })), 0)
  for (const details of [{}, { cached_tokens: null }, { cached_tokens: -1 }, { cached_tokens: '5' }]) {
    assert.equal(chat(withCache(details)), -1, JSON.stringify(details))
  }
  const response = {
    object: 'response',
    status: 'completed',
    usage: withCache({ cached_tokens: 3 }, ['input_tokens', 'output_tokens']),
  }
  const body = `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"a"}\n\nevent: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', response })}\n\n`
  assert.equal(read(body, { api: 'responses' }).cachedTokens, 3)
  const whole = JSON.stringify({
    choices: [{ message: { content: 'a' }, finish_reason: 'stop' }],
    usage: withCache({ cached_tokens: 4 }),
  })
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n'
  assert.equal(read(whole, { streaming: false, head }).cachedTokens, 4)
})

test('an answer without a word of the cache does not keep the count of the one before', () => {
  const exchange = new Exchange({ api: 'chat', streaming: true, gaps: new Histogram() })
  exchange.cachedTokens = 5
  exchange.next()
  assert.equal(exchange.cachedTokens, -1)
})

test('an exchange sees chunks arrive as a list of their gaps does, however the stream is cut', () => {
  const gap = fc.constantFrom(0, 1 / 64, 1 / 32, 1 / 16, 1, 5, 40)
  fc.assert(
    fc.property(fc.array(gap, { maxLength: 30 }), fc.boolean(), (gaps, alike) => {
      const exchange = new Exchange({ api: 'chat', streaming: true, gaps: new Histogram() })
      const reader = new ResponseReader(exchange)
      const push = (text: string) => reader.push(Buffer.from(text), 0, Buffer.byteLength(text))
      push(stream)
      push(delta({ role: 'assistant' }))
      for (const [index, gapMs] of [0, ...gaps].entries()) {
        exchange.at += gapMs
        // Chunks that are not alike are parsed one by one.
        push(delta({ content: 'a' }, null, alike ? {} : { [`x${index}`]: index }))
      }
      push(`${delta({}, 'stop')}${usage(gaps.length + 1)}${done}`)
      const arrived = () => {
        const { headChunks, laterArrivals, restAt, restFrom, lastGapMs, firstAt } = exchange
        return { headChunks, laterArrivals, restAfterMs: restAt - firstAt, restFrom, lastGapMs }
      }
      assert.deepEqual(arrived(), arrivalsOf(gaps))
      exchange.next()
      const nothing = { headChunks: 0, laterArrivals: 0, restFrom: 0 }
      assert.deepEqual(arrived(), { ...nothing, restAfterMs: Number.NaN, lastGapMs: Number.NaN })
    }),
  )
})
