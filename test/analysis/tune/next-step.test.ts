import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '../../../src/analysis/analyse.ts'
import type { Tuning } from '../../../src/analysis/tune/tune.ts'
import { tune } from '../../../src/analysis/tune/tune.ts'
import type { PointResult } from '../../../src/journal/event.ts'
import type { Distribution } from '../../../src/metrics/measurement.ts'
import { topologyLabel } from '../../../src/model/index.ts'
import { aggregated, disaggregated, failed, invalid, runOf, syntheticRun } from '../../render/synthetic-run.ts'

/** What a point shows, in place of what the synthetic formula says. */
interface Shown {
  readonly tokensPerS?: number
  readonly ttftMs?: number
  readonly itlMs?: number
}

const flat = (value: number, like: Distribution | null): Distribution | null =>
  like && { ...like, mean: value, p50: value, p95: value, p99: value }

function showing(result: PointResult, { tokensPerS, ttftMs, itlMs }: Shown): PointResult {
  const { measurement: m } = result
  if (m === null) return result
  return {
    ...result,
    measurement: {
      ...m,
      ...(tokensPerS === undefined ? {} : { outputTokensPerS: tokensPerS, requestsPerS: tokensPerS / 100 }),
      ...(ttftMs === undefined ? {} : { ttftMs: flat(ttftMs, m.ttftMs) }),
      ...(itlMs === undefined ? {} : { itlMs: flat(itlMs, m.itlMs) }),
    },
  }
}

const concurrencyOf = ({ point: { load } }: PointResult) =>
  load.level.kind === 'concurrency' ? load.level.concurrency : 0

const slo = { ttftP95Ms: 1000, itlP95Ms: 25 }

function answer(options: Parameters<typeof syntheticRun>[0], change: (result: PointResult) => PointResult): Tuning {
  const run = syntheticRun({ topologies: [disaggregated(2, 2)], workloads: [[1000, 100]], slo, ...options, change })
  const [tuning] = tune(analyse(run))
  assert.ok(tuning !== undefined)
  return tuning
}

const told = ({ next }: Tuning) => [next.advice, ...next.because].join(' ')

describe('what to try next', () => {
  test('is no more load where the next load misses the SLO, and the objective that breaks is named', () => {
    const found = answer({ concurrencies: [1, 8, 24] }, result =>
      showing(result, {
        tokensPerS: 100 * concurrencyOf(result),
        ttftMs: 50,
        itlMs: concurrencyOf(result) === 24 ? 31 : 6,
      }),
    )
    assert.equal(found.recommendation.best?.load.requests, 80)
    assert.doesNotMatch(found.next.advice, /try more|more concurrency/)
    assert.match(told(found), /c 24 misses ITL p95: 31 ms > 25 ms/)
    assert.equal(found.heldBackBy, 'decode batch')
  })
  test('is no more load where a larger deployment already misses the SLO at the next load', () => {
    const found = answer({ topologies: [disaggregated(1, 1), disaggregated(2, 2)], concurrencies: [8, 24] }, result => {
      const isSmall = topologyLabel(result.point.deployment.topology) === '1P1D'
      if (isSmall && concurrencyOf(result) === 24) return failed(result, 'it crashed')
      return showing(result, { tokensPerS: 800, ttftMs: concurrencyOf(result) === 24 ? 1500 : 50, itlMs: 6 })
    })
    assert.equal(found.recommendation.best?.label, '1P1D')
    assert.doesNotMatch(found.next.advice, /try more/)
    assert.match(told(found), /2P2D, which has more workers, at c 24 misses TTFT p95: 1500 ms > 1000 ms/)
  })
  test('says that a heavier load was measured and gives no more', () => {
    const found = answer({ concurrencies: [8, 16] }, result =>
      showing(result, { tokensPerS: concurrencyOf(result) === 8 ? 900 : 890, ttftMs: 50, itlMs: 6 }),
    )
    assert.match(told(found), /c 16 was measured and gives no more: 55\.6 against 56\.3 tokens\/s per GPU/)
    assert.doesNotMatch(found.next.advice, /try more/)
  })
  test('is to measure a heavier load again that has no valid result, with the command', () => {
    const found = answer({ concurrencies: [1, 8, 16] }, result =>
      concurrencyOf(result) === 16
        ? invalid(result, 'the client was late')
        : showing(result, { tokensPerS: 100 * concurrencyOf(result), ttftMs: 50, itlMs: 6 }),
    )
    assert.doesNotMatch(found.next.advice, /try more/)
    assert.match(told(found), /c 16 is invalid: the client was late\./)
    assert.equal(found.next.command, 'fulcrum resume /nowhere/synthetic --again invalid')
  })
  test('is more load where nothing heavier was tried and the objectives leave room', () => {
    const found = answer({ concurrencies: [1, 8] }, result =>
      showing(result, { tokensPerS: 100 * concurrencyOf(result), ttftMs: 50, itlMs: 6 }),
    )
    assert.match(found.next.advice, /Try more load: it still meets the SLO at c 8, the heaviest load measured/)
    assert.equal(found.heldBackBy, 'nothing shown')
  })
  test('is no more load where the objectives leave no room, or throughput has stopped rising', () => {
    const near = answer({ concurrencies: [4, 8] }, result =>
      showing(result, { tokensPerS: 100 * concurrencyOf(result), ttftMs: 50, itlMs: 3 * concurrencyOf(result) }),
    )
    assert.match(near.next.advice, /more load than c 8 is likely to miss the SLO: ITL p95 is 24 ms, limit 25 ms/i)
    const full = answer({ concurrencies: [4, 8] }, result =>
      showing(result, { tokensPerS: 800 + concurrencyOf(result), ttftMs: 50, itlMs: 6 }),
    )
    assert.match(full.next.advice, /Load above c 8 is unlikely to bring more/)
  })
  test('names no topology that was measured: it gives less, or it would be the recommendation', () => {
    const topologies = [disaggregated(1, 1), disaggregated(2, 1), disaggregated(3, 1)]
    const found = answer({ topologies, concurrencies: [1, 16], workloads: [[8000, 16]] }, result => {
      const heavy = concurrencyOf(result) > 1
      const workers =
        result.point.deployment.topology.kind === 'disaggregated' ? result.point.deployment.topology.prefill : 1
      return showing(result, {
        tokensPerS: heavy ? (workers === 2 ? 3000 : 1000) : 100,
        ttftMs: heavy ? 900 : 100,
        itlMs: 6,
      })
    })
    assert.equal(found.recommendation.best?.label, '2P1D')
    assert.equal(found.heldBackBy, 'prefill queueing')
    assert.doesNotMatch(found.next.advice, /3P1D/)
    assert.match(told(found), /3P1D was measured and gives 75% less per GPU/)
  })
})

describe('what to try next where nothing meets the SLO', () => {
  test('says so, names what breaks at concurrency 1 and what would help, and advises no load', () => {
    const found = answer({ concurrencies: [1, 8] }, result =>
      showing(result, { tokensPerS: 100 * concurrencyOf(result), ttftMs: 1200 + concurrencyOf(result), itlMs: 6 }),
    )
    assert.equal(found.heldBackBy, 'the SLO')
    assert.match(found.next.advice, /Nothing meets the SLO even at concurrency 1/)
    assert.match(found.next.advice, /shorter prompts .*tensor parallelism.*a looser ttft_p95_ms.*another topology/)
    assert.match(told(found), /TTFT p95: 1201 ms > 1000 ms/)
    assert.doesNotMatch(found.next.advice, /try more|more concurrency/)
  })
  test('names no disaggregated topology where one was measured and came no nearer', () => {
    const topologies = [aggregated(2), disaggregated(1, 1)]
    const found = (measured: typeof topologies) =>
      answer({ topologies: measured, concurrencies: [1] }, result =>
        showing(result, { itlMs: result.point.deployment.topology.kind === 'aggregated' ? 30 : 40 }),
      )
    assert.doesNotMatch(found(topologies).next.advice, /a disaggregated topology/)
    assert.match(found([aggregated(2)]).next.advice, /a disaggregated topology/)
  })
  test('is a lighter load where the lightest is not concurrency 1', () => {
    const found = answer({ concurrencies: [8, 16] }, result => showing(result, { itlMs: 4 * concurrencyOf(result) }))
    assert.match(found.next.advice, /c 8 is the lightest load measured: try fewer requests at once/)
  })
  test('is to measure a lighter load first that has no valid result', () => {
    const found = answer({ concurrencies: [1, 8] }, result =>
      concurrencyOf(result) === 1 ? failed(result, 'no answer') : showing(result, { itlMs: 40 }),
    )
    assert.match(found.next.advice, /lighter loads of 2P2D have no valid result: measure them first/)
    assert.equal(found.next.command, 'fulcrum resume /nowhere/synthetic --again failed')
  })
})

test('without any valid point the answer names which failed, why, and the command', () => {
  const found = answer({ concurrencies: [1, 8] }, result =>
    concurrencyOf(result) === 1 ? failed(result, 'no answer came') : invalid(result, 'the client was late'),
  )
  assert.equal(found.recommendation.best, null)
  assert.match(told(found), /2P2D at c 1 failed: no answer came/)
  assert.match(told(found), /2P2D at c 8 is invalid: the client was late/)
  assert.equal(found.next.command, 'fulcrum resume /nowhere/synthetic --again failed,invalid')
})

test('an imported run has no command to measure again by', () => {
  const run = syntheticRun({ workloads: [[1000, 100]], change: result => failed(result, 'no answer came') })
  const imported = { ...run, manifest: { ...run.manifest, command: ['fulcrum', 'import', 'folder'] } }
  assert.equal(tune(analyse(imported))[0]?.next.command, null)
})

test('whatever was measured, more load is never advised where a heavier load of the deployment has any result', () => {
  const loads = [1, 4, 16, 64]
  const cell = fc.record({
    status: fc.constantFrom('ok', 'ok', 'ok', 'invalid', 'failed'),
    tokensPerS: fc.integer({ min: 10, max: 5000 }),
    ttftMs: fc.integer({ min: 10, max: 2000 }),
    itlMs: fc.integer({ min: 2, max: 50 }),
  })
  const topologies = [aggregated(2), disaggregated(1, 1), disaggregated(2, 2)]
  const base = syntheticRun({ topologies, concurrencies: loads, workloads: [[1000, 100]], slo })
  fc.assert(
    fc.property(fc.array(cell, { minLength: base.results.length, maxLength: base.results.length }), cells => {
      const results = base.results.map((result, i) => {
        const drawn = cells[i]
        if (drawn === undefined) return result
        if (drawn.status === 'failed') return failed(result, 'no answer')
        return drawn.status === 'invalid' ? invalid(result) : showing(result, drawn)
      })
      const [found] = tune(analyse(runOf(results)))
      const best = found?.recommendation.best
      if (found === undefined || best == null) return
      const isHeaviest = best.load.requests === 640
      if (!isHeaviest || found.recommendation.basis === 'missed') assert.doesNotMatch(found.next.advice, /: try more\./)
      assert.notEqual(told(found).trim(), '')
    }),
    { seed: 11, numRuns: 300 },
  )
})
