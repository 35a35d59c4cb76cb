import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { figures } from '../../src/metrics/figures/index.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import { createRecords } from '../../src/metrics/records.ts'
import { speculationOf } from '../../src/metrics/speculation.ts'
import { summarise } from '../../src/metrics/summary.ts'
import { judgeSpeculation } from '../../src/metrics/validity/speculation.ts'
import { speculationMetric, speculationMetrics } from '../../src/runner/observed-workers.ts'
import { parseExposition } from '../../src/telemetry/exposition.ts'
import { sourceMetrics } from '../../src/telemetry/window.ts'
import { syntheticRun } from '../render/synthetic-run.ts'

/** Counters as vLLM 0.26 writes them, for one engine. */
interface Counts {
  readonly drafts: number
  readonly tokens: number
  readonly at: readonly number[]
  readonly engine?: string
}

function vllmLines({ drafts, tokens, at, engine = '0' }: Counts): string[] {
  const labels = `engine="${engine}",model_name="deepseek"`
  const accepted = at.reduce((sum, count) => sum + count, 0)
  return [
    `vllm:spec_decode_num_drafts_total{${labels}} ${drafts}.0`,
    `vllm:spec_decode_num_draft_tokens_total{${labels}} ${tokens}.0`,
    `vllm:spec_decode_num_accepted_tokens_total{${labels}} ${accepted}.0`,
    ...at.map((count, position) => {
      const pair = `engine="${engine}",model_name="deepseek",position="${position}"`
      return `vllm:spec_decode_num_accepted_tokens_per_pos_total{${pair}} ${count}.0`
    }),
  ]
}

const vllmPage = (...engines: readonly Counts[]) => [
  '# HELP vllm:spec_decode_num_drafts_total Number of spec decoding drafts.',
  '# TYPE vllm:spec_decode_num_drafts_total counter',
  ...engines.flatMap(vllmLines),
  '# TYPE vllm:spec_decode_num_drafts_created gauge',
  'vllm:spec_decode_num_drafts_created{engine="0",model_name="deepseek"} 1.7e9',
]

/** What a page that was scraped once a second says; null is a scrape that failed. */
function pageOf(...scrapes: readonly (readonly string[] | null)[]) {
  const seen = scrapes.flatMap((lines, atS) =>
    lines === null ? [] : [{ atMs: 1000 * atS, page: parseExposition(lines.join('\n')) }],
  )
  return sourceMetrics(seen, 0, true, speculationMetric)
}

const said = (server: Parameters<typeof speculationOf>[0]) => speculationOf(server, speculationMetrics)

const nothing: Counts = { drafts: 0, tokens: 0, at: [0, 0, 0] }
const some: Counts = { drafts: 100, tokens: 300, at: [80, 60, 40] }

describe('speculative decoding by vLLM’s counters', () => {
  test('is accepted over drafted tokens, tokens a step with the model’s own, and drafts accepted at each position', () => {
    assert.deepEqual(said({ 'decode-0': pageOf(vllmPage(nothing), vllmPage(some)) }), {
      by: 'counters',
      rate: 0.6,
      length: 2.8,
      byPosition: [0.8, 0.6, 0.4],
    })
  })

  test('counts the increase within the window, not what came before', () => {
    const later = { drafts: 200, tokens: 600, at: [100, 60, 40] }
    assert.equal(said({ 'decode-0': pageOf(vllmPage(some), vllmPage(later)) })?.length, 1.2)
  })

  test('goes on from 0 when a worker restarts, and over scrapes that failed', () => {
    const more = { drafts: 150, tokens: 450, at: [120, 90, 60] }
    const restarted = { drafts: 50, tokens: 150, at: [40, 30, 20] }
    const page = pageOf(vllmPage(some), null, vllmPage(more), null, vllmPage(restarted))
    const { rate, length } = said({ 'decode-0': page }) ?? {}
    assert.deepEqual([rate, length], [0.6, 2.8])
  })

  test('is 0, not unknown, where drafts were made and none was accepted', () => {
    const refused = { drafts: 40, tokens: 120, at: [0, 0, 0] }
    assert.deepEqual(said({ 'aggregated-0': pageOf(vllmPage(nothing), vllmPage(refused)) }), {
      by: 'counters',
      rate: 0,
      length: 1,
      byPosition: [0, 0, 0],
    })
  })

  test('is unknown where nothing was drafted or nobody says anything', () => {
    assert.equal(said({ 'decode-0': pageOf(vllmPage(some), vllmPage(some)) }), undefined)
    assert.equal(said({ 'decode-0': pageOf(['vllm:num_requests_running 3']), frontend: {} }), undefined)
    assert.equal(said({}), undefined)
  })

  test('knows the only position of one draft token, whose label no series differs in', () => {
    const one = (drafts: number, accepted: number) => vllmPage({ drafts, tokens: drafts, at: [accepted] })
    assert.deepEqual(said({ 'decode-0': pageOf(one(0, 0), one(100, 87)) })?.byPosition, [0.87])
  })

  test('adds up data parallel engines of one page', () => {
    const other = { drafts: 100, tokens: 300, at: [20, 0, 0], engine: '1' }
    const page = pageOf(vllmPage(nothing, { ...nothing, engine: '1' }), vllmPage(some, other))
    const { length, byPosition } = said({ 'decode-0': page }) ?? {}
    assert.deepEqual([length, byPosition], [2, [0.5, 0.3, 0.2]])
  })

  test('weighs workers by what they drafted, and tells each', () => {
    const busy = { drafts: 900, tokens: 2700, at: [0, 0, 0] }
    const server = {
      'prefill-0': pageOf(vllmPage(nothing), vllmPage(nothing)),
      'decode-0': pageOf(vllmPage(nothing), vllmPage(some)),
      'decode-1': pageOf(vllmPage(nothing), vllmPage(busy)),
    }
    const { rate, workers } = said(server) ?? {}
    assert.equal(rate, 0.06)
    assert.deepEqual(workers, { 'decode-0': { rate: 0.6, length: 2.8 }, 'decode-1': { rate: 0, length: 1 } })
  })

  test('takes the frontend’s page only where no worker’s says it, as both may be one', () => {
    const page = pageOf(vllmPage(nothing), vllmPage(some))
    assert.equal(said({ frontend: page })?.rate, 0.6)
    assert.equal(said({ frontend: page, 'aggregated-0': page })?.workers, undefined)
  })

  test('is never left out of a page with very many series', () => {
    const many = Array.from({ length: 400 }, (_, i) => `busy{i="${i}"} ${i + 1}`)
    const page = pageOf([...many, ...vllmPage(nothing)], [...many, ...vllmPage(some)])
    assert.equal(said({ 'decode-0': page })?.rate, 0.6)
  })

  test('is what was drawn, however often a worker restarts and scrapes fail', () => {
    const step = fc.record({ drafts: fc.integer({ min: 1, max: 50 }), share: fc.nat(50), fails: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 12 }), fc.nat(12), (steps, restartAt) => {
        let [drafts, accepted] = [0, 0]
        const all = { drafts: 0, accepted: 0 }
        const scrapes: (string[] | null)[] = [vllmPage({ drafts: 0, tokens: 0, at: [0] })]
        for (const [i, { drafts: more, share, fails }] of steps.entries()) {
          // A restart is seen by a counter that is lower: so the one before it was scraped, and counted more.
          if (i === restartAt && drafts > more && accepted > Math.min(share, more) && scrapes.at(-1) !== null) {
            drafts = 0
            accepted = 0
          }
          drafts += more
          accepted += Math.min(share, more)
          all.drafts += more
          all.accepted += Math.min(share, more)
          scrapes.push(fails && i < steps.length - 1 ? null : vllmPage({ drafts, tokens: drafts, at: [accepted] }))
        }
        const restarted = steps.length > 0 && drafts !== all.drafts
        const { rate } = said({ 'decode-0': pageOf(...scrapes) }) ?? {}
        if (restarted && scrapes.includes(null)) return
        assert.ok(Math.abs((rate ?? Number.NaN) - all.accepted / all.drafts) < 1e-4)
      }),
    )
  })
})

describe('speculative decoding by other engines', () => {
  const sglang = (length: number, rate: number) => [
    `sglang:spec_accept_length{engine_type="unified",tp_rank="0"} ${length}`,
    `sglang:spec_accept_rate{engine_type="unified",tp_rank="0"} ${rate}`,
  ]

  test('is the mean of SGLang’s gauges, and says that it was sampled', () => {
    const page = pageOf(sglang(2.4, 0.5), sglang(2.8, 0.6))
    assert.deepEqual(said({ 'decode-0': page }), { by: 'gauges', rate: 0.55, length: 2.6 })
  })

  test('leaves out the 0 of an SGLang worker that has not drafted yet, or never does', () => {
    assert.equal(said({ 'decode-0': pageOf(sglang(0, 0), sglang(3, 0.5)) })?.length, 3)
    assert.equal(said({ 'decode-0': pageOf(sglang(0, 0), sglang(0, 0)) }), undefined)
  })

  test('is TensorRT-LLM’s counters by position, with Dynamo’s old prefix too', () => {
    for (const prefix of ['trtllm_', 'trtllm:']) {
      const at = (name: string, counts: readonly number[]) =>
        counts.map((count, place) => `${prefix}spec_decode_${name}_tokens_total{token_position="${place}"} ${count}`)
      const page = pageOf(
        [...at('drafted', [0, 0]), ...at('accepted', [0, 0])],
        [...at('drafted', [100, 50]), ...at('accepted', [90, 30])],
      )
      const { rate, length, byPosition, by } = said({ 'decode-0': page }) ?? {}
      assert.deepEqual([rate, length, byPosition, by], [0.8, 2.2, [0.9, 0.3], 'counters'])
    }
  })

  test('is TensorRT-LLM’s counters by step with its gauge of the length, where it counts no positions', () => {
    const page = (drafted: number, accepted: number) => [
      `trtllm_spec_decode_num_draft_tokens_total ${drafted}`,
      `trtllm_spec_decode_num_accepted_tokens_total ${accepted}`,
      'trtllm_spec_decode_acceptance_length 2.5',
    ]
    assert.deepEqual(said({ 'decode-0': pageOf(page(0, 0), page(200, 150)) }), {
      by: 'counters',
      rate: 0.75,
      length: 2.5,
    })
  })
})

const [result] = syntheticRun({ workloads: [[100, 10]], concurrencies: [1] }).results
const measurement = result?.measurement ?? assert.fail('no measurement')
const deployment = result?.point.deployment ?? assert.fail('no point')
const figureOf = (name: string, more: Partial<Measurement>) =>
  figures.find(figure => figure.name === name)?.of({ ...measurement, ...more }, deployment)
const speculation = { by: 'counters', rate: 0.6, length: 2.8 } as const

describe('the figures of speculative decoding', () => {
  test('are empty where nobody says anything', () => {
    for (const name of ['spec_acceptance_rate', 'spec_accepted_length', 'tokens_per_chunk'])
      assert.equal(figureOf(name, {}), null, name)
  })

  test('are empty where a server claims more accepted than drafted tokens, with a warning', () => {
    const impossible = said({
      'decode-0': pageOf(vllmPage(nothing), vllmPage({ drafts: 10, tokens: 10, at: [10, 10] })),
    })
    assert.equal(impossible?.isImpossible, true)
    assert.equal(figureOf('spec_acceptance_rate', { speculation: impossible }), null)
    assert.equal(figureOf('spec_accepted_length', { speculation: impossible }), null)
    const [finding] = judgeSpeculation({ ...measurement, speculation: impossible })
    assert.deepEqual([finding?.severity, finding?.code], ['warning', 'impossible-acceptance'])
  })

  test('come with a note where chunks are not the steps that workers tell of', () => {
    const told = (tokensPerChunk: number) => judgeSpeculation({ ...measurement, speculation, tokensPerChunk })
    assert.deepEqual(told(2.7), [])
    assert.match(
      told(5.6)[0]?.message ?? '',
      /^Workers say 2\.80 tokens a step, but chunks have 5\.60\. Something joins/,
    )
    assert.match(told(1)[0]?.message ?? '', /chunks have 1\.00\. Chunks are split/)
  })

  test('say nothing of chunks where chunks stand for tokens', () => {
    const counted = { speculation, tokensPerChunk: 1, tokenSource: 'chunks' } as const
    assert.equal(figureOf('tokens_per_chunk', counted), null)
    assert.deepEqual(judgeSpeculation({ ...measurement, ...counted }), [])
  })
})

/** Answers of `1 + bursts × tokens` tokens: the first alone, then a burst each `stepMs`. */
function bursts(requests: readonly { readonly bursts: number; readonly tokens: number; readonly stepMs: number }[]) {
  const records = createRecords(requests.length)
  for (const [row, { bursts: count, tokens, stepMs }] of requests.entries()) {
    records.scheduledMs[row] = records.sentMs[row] = row
    records.firstTokenMs[row] = row + 100
    records.secondTokenMs[row] = row + 100 + stepMs
    records.lastTokenMs[row] = records.doneMs[row] = row + 100 + count * stepMs
    records.inputTokens[row] = 10
    records.outputTokens[row] = 1 + count * tokens
    records.chunks[row] = 1 + count
    records.firstChunkTokens[row] = 1
  }
  return summarise(records, { from: 'sent', slo: { itlP95Ms: 5 }, asked: { isl: null, osl: null }, slots: null })
}

describe('answers that come in bursts', () => {
  test('have the step over the tokens of a burst as ITL, and its inverse as tokens/s per user', () => {
    const burst = fc.record({ bursts: fc.integer({ min: 1, max: 99 }) })
    fc.assert(
      fc.property(
        fc.array(burst, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 2, max: 90 }),
        (answers, tokens, stepMs) => {
          const {
            itlMs,
            outputTokensPerSPerUser: speed,
            tokensPerChunk,
          } = bursts(answers.map(answer => ({ ...answer, tokens, stepMs })))
          for (const value of [itlMs?.mean, itlMs?.p50, itlMs?.p99])
            assert.ok(Math.abs((value ?? Number.NaN) - stepMs / tokens) < 1e-9)
          assert.ok(Math.abs((speed?.mean ?? Number.NaN) - (1000 * tokens) / stepMs) < 1e-6)
          assert.ok(Math.abs((tokensPerChunk ?? Number.NaN) - tokens) < 1e-9)
        },
      ),
    )
  })

  test('meet an ITL objective by their tokens, not by their chunks', () => {
    // A chunk each 12 ms is above the limit of 5 ms; its 3 tokens are below.
    assert.equal(bursts([{ bursts: 20, tokens: 3, stepMs: 12 }]).goodputPerS !== 0, true)
    assert.equal(bursts([{ bursts: 20, tokens: 2, stepMs: 12 }]).goodputPerS, 0)
  })

  test('weigh tokens per chunk by chunks, and leave out answers of one chunk', () => {
    const mixed = bursts([
      { bursts: 30, tokens: 1, stepMs: 10 },
      { bursts: 10, tokens: 5, stepMs: 10 },
    ])
    assert.equal(mixed.tokensPerChunk, 2)
    assert.equal(bursts([{ bursts: 0, tokens: 1, stepMs: 10 }]).tokensPerChunk, undefined)
  })
})
