// Test part: load

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { figureNamed, figures } from '../../../src/metrics/figures/index.ts'
import type { Measurement } from '../../../src/metrics/measurement.ts'
import { judge } from '../../../src/metrics/validity.ts'
import { jsonResponse, scriptedServer } from '../../mock-server/scripted.ts'
import { type MeasureSetting, measureAt, pointOf } from './setting.ts'

const vector = Array.from({ length: 64 }, (_, index) => index / 64)
const list = (data: readonly object[], usage: object = { prompt_tokens: 40, total_tokens: 40 }) => ({
  ...{ object: 'list', model: 'mock', data },
  usage,
})
const one = list([{ object: 'embedding', index: 0, embedding: vector }])
const workload = { isl: { kind: 'fixed', tokens: 40 }, osl: { kind: 'fixed', tokens: 0 } } as const
const load = { api: 'embeddings', streaming: false, requests: 12 } as const

async function measured(body: object, more: Partial<MeasureSetting> = {}, status = '200 OK') {
  await using server = await scriptedServer(socket => socket.write(jsonResponse(status, body)))
  const measurement = await measureAt(server.url, { workload, load, ...more })
  return { measurement, requests: server.requests }
}

const of = (name: string, measurement: Measurement) =>
  figureNamed(name, figures)?.of(measurement, pointOf().deployment) ?? null

describe('embeddings', () => {
  it('are asked for with a text alone: no stream, no number of tokens', async () => {
    const { requests } = await measured(one)
    assert.equal(requests.length, 12)
    const [first] = requests
    assert.ok(first)
    assert.equal(first.path, '/v1/embeddings')
    const { input, ...rest } = JSON.parse(first.body.toString())
    assert.deepEqual(rest, { model: 'mock' })
    assert.equal(typeof input, 'string')
    assert.equal(new Set(requests.map(({ body }) => JSON.parse(body.toString()).input)).size, 4, 'as many as asked')
  })

  it('have a latency and input tokens, and nothing of generation', async () => {
    const { measurement } = await measured(one)
    assert.deepEqual(measurement.requests, { sent: 12, completed: 12, failed: 0 })
    assert.equal(measurement.requestLatencyMs?.count, 12)
    assert.deepEqual([measurement.isl?.mean, measurement.totals.inputTokens], [40, 480])
    for (const name of ['ttftMs', 'ttstMs', 'itlMs', 'osl', 'outputTokensPerSPerUser', 'outputTokensPerS'] as const)
      assert.equal(measurement[name], null, name)
    assert.equal(measurement.totals.outputTokens, null)
    const perS = of('embedded_tokens_per_s_per_gpu', measurement)
    assert.equal(perS, measurement.inputTokensPerS)
    for (const name of ['ttft_p95', 'itl_p95', 'output_tokens_per_s', 'output_tokens_per_s_per_gpu', 'ttfo_p95'])
      assert.equal(of(name, measurement), null, name)
  })

  it('are not judged by tokens that nobody asked for', async () => {
    const { measurement } = await measured(one)
    const codes = judge(pointOf({ workload, load }), measurement).map(({ code }) => code)
    for (const code of [
      'osl-deviation',
      'isl-deviation',
      'tokens-from-chunks',
      'tokens-from-tokenizer',
      'one-piece-answers',
    ])
      assert.ok(!codes.includes(code), code)
  })

  it('come in Base64 where the sweep asks for that', async () => {
    const { measurement, requests } = await measured(
      list([{ index: 0, embedding: Buffer.from(Float32Array.from(vector).buffer).toString('base64') }]),
      { load: { ...load, extra: { encoding_format: 'base64' } } },
    )
    assert.equal(measurement.requests.completed, 12)
    assert.equal(JSON.parse(requests[0]?.body.toString() ?? '').encoding_format, 'base64')
  })

  it('count the prompt that was sent where the server has no usage', async () => {
    const { measurement } = await measured({ object: 'list', data: [{ index: 0, embedding: vector }] })
    assert.equal(measurement.isl?.mean, 40)
  })

  const broken: readonly (readonly [string, object, string, RegExp])[] = [
    ['no vector', list([]), 'short-output', /no embedding/],
    ['an empty vector', list([{ index: 0, embedding: [] }]), 'short-output', /no embedding/],
    ['an error inside HTTP 200', { error: { message: 'no embedding model' } }, 'server-error', /no embedding model/],
    [
      'a chat answer',
      { choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }] },
      'short-output',
      /no embedding/,
    ],
  ]
  for (const [what, body, kind, message] of broken) {
    it(`fail with ${what}`, async () => {
      const { measurement } = await measured(body)
      assert.equal(measurement.requests.failed, 12)
      assert.equal(measurement.errors[0]?.kind, kind)
      assert.match(measurement.errors[0]?.example ?? '', message)
    })
  }
})

describe('figures of what is embedded', () => {
  it('are absent of an API that generates', async () => {
    const answer = {
      choices: [{ message: { content: 'a b c d' }, finish_reason: 'length' }],
      usage: { prompt_tokens: 32, completion_tokens: 4 },
    }
    const { measurement } = await measured(answer, { workload: {}, load: { streaming: false } })
    assert.equal(measurement.requests.completed, 6)
    assert.equal(of('embedded_tokens_per_s_per_gpu', measurement), null)
    assert.notEqual(of('output_tokens_per_s_per_gpu', measurement), null)
  })
})
