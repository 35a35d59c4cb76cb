// Test part: load

import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import type { Measurement } from '../../../src/metrics/measurement.ts'
import { judge } from '../../../src/metrics/validity.ts'
import { jsonResponse, parts, scriptedServer } from '../../mock-server/scripted.ts'
import { type MeasureSetting, measureAt, pointOf } from './setting.ts'

const { streamHead, chunked, event, last } = parts
const done = chunked('data: [DONE]\n\n')
const wait = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
const delta = (fields: object, finish: string | null = null, more: object = {}) =>
  event({ choices: [{ index: 0, delta: fields, finish_reason: finish }], ...more })
const word = (finish: string | null = null) => delta({ content: ' word' }, finish)
const usage = (tokens: number, prompt = 32) =>
  event({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: tokens } })
const whole = `${streamHead}${word().repeat(40)}${delta({}, 'length')}${usage(40)}${done}${last}`

/** Measures 30 requests of which every tenth, from the fourth on, is answered by `odd`, the others by `usual`. */
async function measured(usual: string, odd: string, setting: MeasureSetting = {}): Promise<Measurement> {
  await using server = await scriptedServer((socket, _, n) => socket.write(n % 10 === 3 ? odd : usual))
  return await measureAt(server.url, {
    workload: { osl: { kind: 'fixed', tokens: 40 } },
    ...setting,
    load: { requests: 30, ...setting.load },
  })
}

const codes = (measurement: Measurement) => judge(pointOf(), measurement).map(({ code }) => code)

describe('an answer that was cut among answers that were not', () => {
  const half = `${streamHead}${word().repeat(20)}`
  const blank = `${streamHead}${word('').repeat(40)}${delta({}, 'length')}${usage(40)}${done}${last}`
  const cuts: readonly (readonly [string, string, string])[] = [
    ['neither finish_reason nor [DONE]', whole, `${half}${last}`],
    ['empty finish reasons', blank, `${streamHead}${word('').repeat(20)}${last}`],
    ['[DONE] without the finish_reason of the others', whole, `${half}${done}${last}`],
    ['a finish_reason without the [DONE] of the others', whole, `${half}${delta({}, 'length')}${last}`],
    [
      'an error object, then [DONE]',
      whole,
      `${half}${event({ object: 'error', message: 'died', code: 500 })}${done}${last}`,
    ],
    [
      'an event of type error without data',
      whole,
      `${half}${chunked('event: error\n: engine died\n\n')}${done}${last}`,
    ],
    ['a comment, then [DONE]', whole, `${half}${chunked(': engine died\n\n')}${done}${last}`],
    ['finish_reason abort', whole, `${half}${delta({}, 'abort')}${usage(20)}${done}${last}`],
  ]
  for (const [what, usual, odd] of cuts) {
    it(`has failed: ${what}`, async () => {
      const measurement = await measured(usual, odd, { endpoint: { dialect: 'openai' } })
      assert.deepEqual(measurement.requests, { sent: 30, completed: 27, failed: 3 })
      assert.equal(measurement.osl?.min, 40)
      assert.ok(codes(measurement).includes('error-share'))
    })
  }

  it('is no failure where no answer has [DONE], but each a finish_reason', async () => {
    const bare = `${streamHead}${word().repeat(40)}${delta({}, 'length')}${usage(40)}${last}`
    const { requests } = await measured(bare, bare)
    assert.equal(requests.failed, 0)
  })

  it('is no failure where no answer has a finish_reason, but each [DONE]', async () => {
    const bare = `${streamHead}${word().repeat(40)}${usage(40)}${done}${last}`
    const { requests } = await measured(bare, bare)
    assert.equal(requests.failed, 0)
  })

  it('has failed without the finish_reason that other whole answers have, unstreamed', async () => {
    const answer = (finish: object) =>
      jsonResponse('200 OK', {
        choices: [{ message: { content: ' word'.repeat(40) }, ...finish }],
        usage: { prompt_tokens: 32, completion_tokens: 40 },
      })
    const { requests } = await measured(answer({ finish_reason: 'length' }), answer({}), { load: { streaming: false } })
    assert.deepEqual(requests, { sent: 30, completed: 27, failed: 3 })
  })
})

describe('tokens without a usage', () => {
  const four = delta({ content: ' word word word word' })
  const without = `${streamHead}${four.repeat(10)}${delta({}, 'length')}${done}${last}`

  it("are counted by the model's tokenizer", async () => {
    const measurement = await measured(without, without)
    assert.deepEqual([measurement.osl?.min, measurement.osl?.max, measurement.tokenSource], [40, 40, 'tokenizer'])
    assert.deepEqual(
      codes(measurement).filter(code => code.startsWith('tokens')),
      ['tokens-from-tokenizer'],
    )
    assert.ok(!codes(measurement).includes('osl-deviation'))
  })

  it('of some answers leave the rest of the point as the server counts it, and are numbered', async () => {
    const measurement = await measured(whole, without)
    assert.deepEqual([measurement.osl?.min, measurement.osl?.max, measurement.tokenSource], [40, 40, 'usage'])
    const said = judge(pointOf(), measurement).find(({ code }) => code === 'tokens-from-tokenizer')
    assert.match(said?.message ?? '', /^3 of 30 answers have no usage/)
  })

  it('fail an answer that is far shorter than it was told to be', async () => {
    const half = `${streamHead}${word().repeat(20)}${delta({}, 'length')}${done}${last}`
    const measurement = await measured(whole, half, { endpoint: { dialect: 'vllm' } })
    assert.deepEqual(measurement.requests, { sent: 30, completed: 27, failed: 3 })
    assert.deepEqual([measurement.osl?.min, measurement.errors[0]?.kind], [40, 'short-output'])
  })

  it('are counted in whole answers too', async () => {
    const answer = jsonResponse('200 OK', {
      choices: [{ message: { content: ' word'.repeat(40) }, finish_reason: 'length' }],
    })
    const measurement = await measured(answer, answer, { load: { streaming: false } })
    assert.deepEqual([measurement.osl?.min, measurement.tokenSource], [40, 'tokenizer'])
  })

  it('are counted in completions too', async () => {
    const text = event({ choices: [{ index: 0, text: ' word word', finish_reason: null }] })
    const end = event({ choices: [{ index: 0, text: '', finish_reason: 'length' }] })
    const answer = `${streamHead}${text.repeat(20)}${end}${done}${last}`
    const measurement = await measured(answer, answer, { load: { api: 'completions' } })
    assert.deepEqual([measurement.osl?.min, measurement.tokenSource], [40, 'tokenizer'])
  })
})

describe('a usage that cannot be', () => {
  const said = (more: string) => `${streamHead}${word().repeat(40)}${delta({}, 'length')}${more}${done}${last}`
  const first = `${streamHead}${usage(0)}${word().repeat(40)}${delta({}, 'length')}${done}${last}`
  for (const [what, answer] of [
    ['0 tokens for 40 chunks', said(usage(0))],
    ['3 tokens for 40 chunks', said(usage(3))],
    ['fewer than no tokens for 40 chunks', said(usage(-1))],
    ['in the first chunk only', first],
  ] as const) {
    it(`is named and not believed: ${what}`, async () => {
      const measurement = await measured(answer, answer)
      assert.deepEqual(measurement.requests, { sent: 30, completed: 30, failed: 0 })
      assert.deepEqual([measurement.osl?.min, measurement.osl?.max, measurement.tokenSource], [40, 40, 'tokenizer'])
      assert.ok(codes(measurement).includes('impossible-usage'))
    })
  }

  it('is named where the prompt has 0 tokens: what was sent counts', async () => {
    const measurement = await measured(said(usage(40, 0)), said(usage(40, 0)))
    assert.equal(measurement.isl?.mean, 32)
    assert.deepEqual(
      codes(measurement).filter(code => code.startsWith('impossible')),
      ['impossible-prompt-tokens'],
    )
  })

  it('is believed where a proxy cuts tokens into more chunks than there are', async () => {
    const cut = `${delta({ content: ' wo' })}${delta({ content: 'rd' })}`
    const answer = `${streamHead}${cut.repeat(40)}${delta({}, 'length')}${usage(40)}${done}${last}`
    const measurement = await measured(answer, answer)
    assert.deepEqual([measurement.osl?.max, measurement.tokenSource], [40, 'usage'])
    assert.ok(!codes(measurement).includes('impossible-usage'))
  })
})

describe('the ITL of chunks that carry several tokens', () => {
  /** Answers with `chunks` spread over 240 ms: a few of them far apart, as two that a busy machine reads at once count as one. */
  async function spaced(chunks: readonly string[], setting: MeasureSetting = {}) {
    const pauseMs = 240 / chunks.length
    const send = async (socket: Socket) => {
      socket.write(streamHead)
      for (const [at, chunk] of chunks.entries()) {
        if (at > 0) await wait(pauseMs)
        socket.write(chunk)
      }
      socket.write(`${delta({}, 'length')}${usage(64)}${done}${last}`)
    }
    await using server = await scriptedServer(socket => void send(socket))
    const { itlMs, interChunkMs } = await measureAt(server.url, {
      workload: { osl: { kind: 'fixed', tokens: 64 } },
      ...setting,
      load: { level: { kind: 'concurrency', concurrency: 6 }, requests: 6, ...setting.load },
    })
    return { itlMs: itlMs?.mean ?? Number.NaN, gapMs: interChunkMs?.mean ?? Number.NaN }
  }
  /** Tokens after the first chunk, by what came between two chunks on average: the clock of the test doesn't matter. */
  const near = ({ itlMs, gapMs }: { itlMs: number; gapMs: number }, chunks: number, after: number) =>
    assert.ok(Math.abs((itlMs * after) / (gapMs * (chunks - 1)) - 1) < 0.01, `${itlMs} ms of gaps of ${gapMs} ms`)

  it('takes no tool call’s id and JSON for tokens', async () => {
    const call = { index: 0, id: 'call-3f2a9c1d77e94be0b1f0', type: 'function' }
    const head = { ...call, function: { name: 'get_current_weather_report', arguments: '' } }
    const rest = delta({ tool_calls: [{ index: 0, function: { arguments: ' word word' } }] })
    near(await spaced([delta({ role: 'assistant', tool_calls: [head] }), ...Array(31).fill(rest)]), 32, 62)
  })

  it('counts text that stands in both reasoning fields once', async () => {
    const text = ' word'.repeat(16)
    near(await spaced(Array(4).fill(delta({ reasoning: text, reasoning_content: text }))), 4, 48)
  })

  it('takes the tokens of the first chunk from a usage that counts on, whatever the tokenizer would say', async () => {
    const counting = (tokens: number) =>
      delta({ content: ' word word' }, null, { usage: { prompt_tokens: 32, completion_tokens: tokens } })
    near(await spaced([counting(24), counting(34), counting(44), counting(54), counting(64)]), 5, 40)
  })
})

describe('the request', () => {
  it('asks servers that can to count on with every chunk', async () => {
    for (const [dialect, asked] of [
      ['vllm', true],
      ['dynamo-1', true],
      ['dynamo-0.3', undefined],
      ['openai', undefined],
    ] as const) {
      await using server = await scriptedServer(socket => socket.write(whole))
      await measureAt(server.url, { endpoint: { dialect }, load: { requests: 1 } })
      const body = JSON.parse(server.requests[0]?.body.toString() ?? '') as {
        stream_options: { include_usage: boolean; continuous_usage_stats?: boolean }
      }
      assert.deepEqual([body.stream_options.include_usage, body.stream_options.continuous_usage_stats], [true, asked])
    }
  })
})
