// Test part: load

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { figureNamed, figures } from '../../../src/metrics/figures/index.ts'
import { withRequests } from '../../../src/metrics/speculation.ts'
import { judge } from '../../../src/metrics/validity.ts'
import { answer, delta, finish, jsonResponse, parts, scriptedServer } from '../../mock-server/scripted.ts'
import { type MeasureSetting, measureAt, pointOf } from './setting.ts'

/** As vLLM 0.33 writes it with `--per-request-spec-decode-metrics summary`, in the chunk with the usage. */
const metrics = (steps: number, drafted: number, accepted: number) => ({
  speculative_decoding: {
    ...{ mean_acceptance_length: 1 + accepted / steps, draft_acceptance_rate: accepted / drafted },
    ...{ acceptance_histogram: [], num_spec_steps: steps, num_accepted_draft_tokens: accepted },
    ...{ num_draft_tokens: drafted, num_spec_tokens: 3 },
  },
})

const { streamHead, chunked, event, last } = parts
const streamed = (body: object | null) =>
  streamHead +
  ['a', ' b', ' c', ' d'].map(delta).join('') +
  finish(4) +
  event({ choices: [], usage: { prompt_tokens: 32, completion_tokens: 4 }, metrics: body }) +
  chunked('data: [DONE]\n\n') +
  last

async function measured(responses: readonly string[], more: Partial<MeasureSetting> = {}) {
  await using server = await scriptedServer((socket, _request, n) =>
    socket.write(responses[n % responses.length] ?? answer(4)),
  )
  return await measureAt(server.url, more)
}

const figure = (name: string, of: Awaited<ReturnType<typeof measured>>) =>
  figureNamed(name, figures)?.of(of, pointOf().deployment) ?? null

describe('speculative decoding of single requests', () => {
  it('is summed over the answers that report it, and told request by request', async () => {
    const measurement = await measured([streamed(metrics(10, 30, 15)), streamed(metrics(30, 90, 15))])
    assert.equal(measurement.requests.completed, 6)
    const { by, rate, length, requests } = measurement.speculation ?? {}
    assert.deepEqual([by, rate, length, requests?.answers], ['answers', 90 / 360, 1.75, 6])
    assert.deepEqual([requests?.lengths?.min, requests?.lengths?.max], [1.5, 2.5])
    assert.deepEqual(
      [figure('spec_acceptance_rate', measurement), figure('spec_accepted_length', measurement)],
      [0.25, 1.75],
    )
  })

  it('is read of whole answers too', async () => {
    const body = {
      choices: [{ message: { content: 'a b c d' }, finish_reason: 'length' }],
      usage: { prompt_tokens: 32, completion_tokens: 4 },
      metrics: metrics(2, 6, 2),
    }
    const measurement = await measured([jsonResponse('200 OK', body)], { load: { streaming: false } })
    assert.deepEqual([measurement.speculation?.rate, measurement.speculation?.length], [2 / 6, 2])
  })

  for (const [engine, onFinish, afterwards] of [
    [
      'TensorRT-LLM, in the choice that ends the answer',
      // Its tests/unittest has this object; `per_request_spec_decode_stats` in the server's options.
      {
        speculative_decoding: {
          ...{ acceptance_rate: 0.5, total_accepted_draft_tokens: 4, total_draft_tokens: 8, num_spec_steps: 4 },
          ...{ acceptance_histogram: [1, 2, 1], num_spec_tokens: 2 },
        },
      },
      {},
    ],
    [
      'SGLang, in a chunk before the usage',
      {},
      // SGLang 0.5.23 where the request has `return_spec_tokens_details`.
      {
        sglext: {
          spec_tokens_details: {
            ...{ spec_accept_rate: 0.5, spec_accept_length: 2, spec_cap_length: 0, spec_block_accept_length: 0 },
            ...{ spec_num_correct_drafts: 4, spec_num_proposed_drafts: 8, spec_verify_ct: 4 },
            ...{ spec_correct_drafts_histogram: [1, 2, 1], spec_cap_lens_histogram: [] },
          },
        },
      },
    ],
  ] as const)
    it(`is read as ${engine}`, async () => {
      const choice = { index: 0, delta: { content: ' d' }, finish_reason: 'length', ...onFinish }
      const stream =
        streamHead +
        ['a', ' b', ' c'].map(delta).join('') +
        event({ choices: [choice] }) +
        event({ choices: [], ...afterwards }) +
        event({ choices: [], usage: { prompt_tokens: 32, completion_tokens: 4 } }) +
        chunked('data: [DONE]\n\n') +
        last
      const measurement = await measured([stream])
      assert.equal(measurement.requests.completed, 6)
      const { by, rate, length, requests } = measurement.speculation ?? {}
      assert.deepEqual([by, rate, length, requests?.answers], ['answers', 0.5, 2, 6])
    })

  for (const [what, body] of [
    ['no metrics', null],
    ['metrics of times alone', { speculative_decoding: null, queued_ms: 3 }],
    ['no verified draft', metrics(0, 0, 0)],
    ['text for numbers', { speculative_decoding: { num_spec_steps: '4' } }],
  ] as const)
    it(`is absent with ${what}`, async () => {
      assert.equal((await measured([streamed(body)])).speculation, undefined)
    })

  it('is impossible with more accepted than drafted tokens: the figures stay empty, with a warning', async () => {
    const measurement = await measured([streamed(metrics(4, 4, 9))])
    assert.equal(figure('spec_acceptance_rate', measurement), null)
    const found = judge(pointOf(), measurement).find(({ code }) => code === 'impossible-acceptance')
    assert.match(found?.message ?? '', /^The answers claim more accepted than drafted tokens/)
  })

  it('stands beside what the workers report, which covers every step', () => {
    const workers = { by: 'counters', rate: 0.5, length: 2, byPosition: [0.5] } as const
    const requests = { answers: 3, rate: 0.4, length: 1.9, lengths: null }
    const answers = { by: 'answers', rate: 0.4, length: 1.9, requests } as const
    assert.deepEqual(withRequests(workers, answers), { ...workers, requests })
    assert.deepEqual(withRequests(undefined, answers), answers)
    assert.deepEqual(withRequests(workers, undefined), workers)
  })
})
