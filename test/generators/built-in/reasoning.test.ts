// Test part: load

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { measuredPoints } from '../../../src/analysis/measured-point.ts'
import { meetsSlo, objectives } from '../../../src/analysis/slo.ts'
import { readChunk } from '../../../src/generators/built-in/chunk.ts'
import { Exchange } from '../../../src/generators/built-in/exchange.ts'
import type { PointResult } from '../../../src/journal/event.ts'
import { figureNamed, figures } from '../../../src/metrics/figures/index.ts'
import { Histogram } from '../../../src/metrics/histogram.ts'
import type { Measurement } from '../../../src/metrics/measurement.ts'
import { judge } from '../../../src/metrics/validity.ts'
import type { Slo } from '../../../src/model/index.ts'
import { jsonResponse, parts, scriptedServer } from '../../mock-server/scripted.ts'
import { runOf } from '../../render/synthetic-run.ts'
import { measureAt, pointOf } from './setting.ts'

const { streamHead, chunked, event, last } = parts
const delta = (fields: object, finish: string | null = null) =>
  event({ choices: [{ index: 0, delta: fields, finish_reason: finish }] })
const usage = (tokens: number, more: object = {}) =>
  event({ choices: [], usage: { prompt_tokens: 32, completion_tokens: tokens, ...more } })
const counted = (reasoning: number) => ({ completion_tokens_details: { reasoning_tokens: reasoning } })
const word = { content: ' word' }
const stream = (events: string, end = usage(40)) =>
  `${streamHead}${events}${delta({}, 'stop')}${end}${chunked('data: [DONE]\n\n')}${last}`

async function measured(answer: string, load: { readonly streaming?: boolean } = {}): Promise<Measurement> {
  await using server = await scriptedServer(socket => socket.write(answer))
  return await measureAt(server.url, {
    workload: { osl: { kind: 'fixed', tokens: 40 } },
    load: { requests: 20, ...load },
  })
}

const tokensOf = ({ reasoning }: Measurement) => [reasoning?.reasoningTokens?.mean, reasoning?.answerTokens?.mean]
const codes = (measurement: Measurement) => judge(pointOf(), measurement).map(({ code }) => code)

describe('reasoning before an answer', () => {
  const dialects: readonly (readonly [string, object])[] = [
    ['reasoning_content', { reasoning_content: ' hmm' }],
    ['reasoning', { reasoning: ' hmm' }],
    ['both with the same text, once', { reasoning: ' hmm', reasoning_content: ' hmm' }],
    ['reasoning_content beside an empty content', { content: '', reasoning_content: ' hmm' }],
    ['reasoning beside content null', { content: null, reasoning: ' hmm' }],
  ]
  for (const [what, fields] of dialects) {
    it(`is told from the answer in ${what}`, async () => {
      const measurement = await measured(stream(delta(fields).repeat(30) + delta(word).repeat(10)))
      assert.deepEqual(tokensOf(measurement), [30, 10])
      assert.equal(measurement.reasoning?.ttfoMs?.count, 20)
      assert.equal(measurement.osl?.mean, 40)
    })
  }

  it('is counted by the usage where it says, as its own text may be a summary', async () => {
    const answer = stream(delta({ reasoning: ' hmm' }).repeat(5) + delta(word).repeat(10), usage(40, counted(30)))
    assert.deepEqual(tokensOf(await measured(answer)), [30, 10])
  })

  it('is counted by the tokenizer where chunks have several tokens', async () => {
    const four = delta({ reasoning_content: ' word word word word' })
    const measurement = await measured(stream(four.repeat(5) + delta(word).repeat(20)))
    assert.deepEqual(tokensOf(measurement), [20, 20])
  })

  it('that comes again after a tool call counts as reasoning, and the call as the answer', async () => {
    const call = (given: object) => delta({ tool_calls: [{ index: 0, ...given }] })
    const events =
      delta({ reasoning: ' hmm' }).repeat(10) +
      call({ id: 'a', function: { name: 'look', arguments: '' } }) +
      call({ function: { arguments: '{}' } }) +
      delta({ reasoning: ' hmm' }).repeat(18) +
      delta(word).repeat(10)
    assert.deepEqual(tokensOf(await measured(stream(events))), [28, 12])
  })

  it('that is hidden has tokens by the usage, and no TTFO', async () => {
    const { reasoning, ttftMs } = await measured(stream(delta(word).repeat(10), usage(40, counted(30))))
    assert.deepEqual([reasoning?.reasoningTokens?.mean, reasoning?.answerTokens?.mean], [30, 10])
    assert.deepEqual([reasoning?.answers, reasoning?.ttfoMs, ttftMs?.count], [0, null, 20])
  })

  it('that never ends has no TTFO and is warned of', async () => {
    const measurement = await measured(stream(delta({ reasoning: ' hmm' }).repeat(40)))
    assert.deepEqual(measurement.reasoning?.ttfoMs, null)
    assert.deepEqual(tokensOf(measurement), [40, 0])
    assert.ok(codes(measurement).includes('no-answer-after-reasoning'))
  })

  it('above the whole answer is left out and warned of', async () => {
    const measurement = await measured(stream(delta(word).repeat(40), usage(40, counted(50))))
    assert.deepEqual([measurement.reasoning?.impossible, measurement.reasoning?.reasoningTokens], [20, null])
    assert.ok(codes(measurement).includes('impossible-reasoning-tokens'))
  })

  it('of an answer that came whole is counted, without a TTFO', async () => {
    const message = { content: ' word'.repeat(10), reasoning_content: ' hmm'.repeat(30) }
    const answer = jsonResponse('200 OK', {
      choices: [{ message, finish_reason: 'stop' }],
      usage: { prompt_tokens: 32, completion_tokens: 40, ...counted(30) },
    })
    const measurement = await measured(answer, { streaming: false })
    assert.deepEqual(tokensOf(measurement), [30, 10])
    assert.equal(measurement.reasoning?.ttfoMs, null)
  })

  it('is absent of answers without any', async () => {
    const measurement = await measured(stream(delta(word).repeat(40)))
    assert.equal(measurement.reasoning, undefined)
    for (const name of ['ttfo_p95_ms', 'reasoning_tokens_mean']) {
      assert.equal(figureNamed(name, figures)?.of(measurement, pointOf().deployment), null)
    }
  })
})

describe('an objective on TTFO', () => {
  const answer = (shown: number) => stream(delta({ reasoning: ' hmm' }).repeat(shown) + delta(word).repeat(40 - shown))
  const slo: Slo = { ttfoP95Ms: 60_000 }
  const judged = async (answers: readonly string[], limits: Slo = slo) => {
    let next = 0
    await using server = await scriptedServer(socket => socket.write(answers[next++ % answers.length] ?? ''))
    const measurement = await measureAt(server.url, {
      workload: { osl: { kind: 'fixed', tokens: 40 } },
      load: { requests: 20 },
      slo: limits,
    })
    const result: PointResult = { point: pointOf({ slo: limits }), status: 'ok', reason: '', findings: [], measurement }
    const [point] = measuredPoints(runOf([result]))
    assert.ok(point)
    return { measurement, meets: meetsSlo(point), objectives: objectives(point) }
  }

  it('decides goodput and whether the point meets the SLO', async () => {
    const { measurement, meets } = await judged([answer(30)])
    assert.equal(meets, true)
    assert.equal(measurement.goodputPerS, measurement.requestsPerS)
    assert.ok((measurement.intervals?.ttfoMs?.p95?.[0] ?? 0) > 0 || measurement.intervals?.ttfoMs?.p95 === null)
    const strict = await judged([answer(30)], { ttfoP95Ms: 1e-6 })
    assert.deepEqual([strict.meets, strict.measurement.goodputPerS], [false, 0])
  })

  it('is not met by answers that show no reasoning: their TTFT is no TTFO', async () => {
    const { measurement, meets, objectives: held } = await judged([answer(0)])
    assert.deepEqual([meets, held[0]?.valueMs, measurement.goodputPerS], [false, null, null])
  })

  it('is not met where more than a twentieth of the answers never end reasoning', async () => {
    const one = await judged([...Array.from({ length: 19 }, () => answer(30)), answer(40)])
    assert.equal(one.meets, true)
    const two = await judged([...Array.from({ length: 9 }, () => answer(30)), answer(40)])
    assert.deepEqual([two.meets, two.objectives[0]?.valueMs], [false, null])
    assert.equal(typeof figureNamed('ttfo_p50_ms', figures)?.of(two.measurement, pointOf().deployment), 'number')
  })
})

describe('the first token of the answer', () => {
  /** Feeds events, the n-th at n ms, in pieces of any size. */
  function fed(events: readonly object[]): Exchange {
    const exchange = new Exchange({ api: 'chat', streaming: true, gaps: new Histogram() })
    exchange.next()
    exchange.onHead({ status: 200, contentType: 'text/event-stream', retryAfter: null, location: null } as never)
    for (const [at, fields] of events.entries()) {
      exchange.at = at
      const bytes = Buffer.from(`data: ${JSON.stringify({ choices: [{ index: 0, delta: fields }] })}\n\n`)
      exchange.onBody(bytes, 0, bytes.length)
    }
    return exchange
  }
  const patterns = ['rrraa', 'raaara', 'aaa', 'rrr', 'rmaa', 'rrcra', 'rarararararararararara']
  const kinds: { readonly [kind: string]: object } = {
    r: { reasoning: ' "hmm' },
    a: { content: ' wörd' },
    m: { reasoning: ' end', content: ' begin' },
    c: { tool_calls: [{ index: 0, function: { name: 'f', arguments: '' } }] },
  }
  for (const pattern of patterns) {
    it(`is the first event that has some of it: ${pattern}`, () => {
      const events = [...pattern].map(kind => kinds[kind] ?? {})
      const exchange = fed(events)
      const texts = events.map(fields => readChunk('chat', '', { choices: [{ index: 0, delta: fields }] }))
      const first = texts.findIndex(({ text, reasoningChars }) => text.length > reasoningChars)
      assert.equal(exchange.answerAt, first === -1 ? Number.NaN : first)
      assert.equal(exchange.firstAt, 0)
      const reasoning = texts.map(({ text, reasoningChars }) => text.slice(0, reasoningChars))
      assert.equal(exchange.reasoningText()?.text ?? '', reasoning.join(''))
      assert.equal(exchange.reasoningChunks, reasoning.filter(text => text !== '').length)
    })
  }

  it('is not a call that has neither name nor arguments', () => {
    const exchange = fed([{ tool_calls: [{ index: 0, id: 'a', function: { arguments: '' } }] }])
    assert.deepEqual([exchange.chunks, exchange.answerAt], [0, Number.NaN])
  })
})
