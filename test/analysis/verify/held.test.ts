import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { measuredPoints } from '../../../src/analysis/measured-point.ts'
import { type ExpectedPoint, expectedOf, parseExpectation } from '../../../src/analysis/verify/expected.ts'
import { heldTogether, promiseVerdicts } from '../../../src/analysis/verify/held.ts'
import type { PointResult } from '../../../src/journal/event.ts'
import { figures } from '../../../src/metrics/figures/index.ts'
import { disaggregated, syntheticRun } from '../../render/synthetic-run.ts'

const [ttftP95] = figures.filter(({ name }) => name === 'ttft_p95_ms')
const throughput = figures.filter(({ name }) => name === 'output_tokens_per_s_per_gpu')

/** One point with this TTFT p95 in each of its repeats. */
function point(ttftsMs: readonly number[], change: (result: PointResult) => PointResult = result => result) {
  let at = 0
  const run = syntheticRun({
    workloads: [[1000, 100]],
    topologies: [disaggregated(2, 1)],
    concurrencies: [4],
    slo: { ttftP95Ms: 500 },
    repeats: ttftsMs.length,
    change: result => {
      const { measurement } = result
      const p95 = ttftsMs[at++] ?? 0
      if (measurement === null || measurement.ttftMs === null) return change(result)
      return change({ ...result, measurement: { ...measurement, ttftMs: { ...measurement.ttftMs, p95 } } })
    },
  })
  const [first] = measuredPoints(run)
  return first ?? assert.fail('no point')
}

const expected = (ttftsMs: readonly number[]): ExpectedPoint => expectedOf(point(ttftsMs), ttftP95 ? [ttftP95] : [])
const verdictOf = (before: readonly number[], now: readonly number[], tolerance = 0.1) =>
  promiseVerdicts(expected(before), point(now), figures, tolerance).find(({ figure }) => figure === 'ttft_p95_ms')

describe('a figure that was promised', () => {
  it('held when it is shown not to be worse by more than the tolerance', () => {
    assert.equal(verdictOf([100, 101, 99], [102, 103, 101])?.verdict, 'held')
    assert.equal(verdictOf([100, 101, 99], [60, 61, 59])?.verdict, 'held')
  })

  it('did not hold when it is shown to be worse by more', () => {
    const verdict = verdictOf([100, 101, 99], [130, 131, 129])
    assert.equal(verdict?.verdict, 'not held')
    assert.ok((verdict.worse?.low ?? 0) > 0.1)
  })

  it('is undecided between, and says how many repeats would decide', () => {
    const verdict = verdictOf([100, 110, 90], [104, 97, 108])
    assert.equal(verdict?.verdict, 'undecided')
    assert.match(verdict.why, /^about \d+ repeats would decide$/)
  })

  it('held when a cache hit rate of 0 was expected: nothing is worse', () => {
    const cached = (share: number) =>
      point([100, 101, 99], result => {
        const { measurement } = result
        const promptCache = {
          cachedTokens: 1000 * share,
          promptTokens: 1000,
          impossible: 0,
          answers: 10,
          answersInAll: 10,
          isOfPrefill: true as const,
        }
        return measurement === null ? result : { ...result, measurement: { ...measurement, promptCache } }
      })
    const [hitRate] = figures.filter(({ name }) => name === 'cached_prompt_tokens_share')
    const verdict = (before: number, now: number) =>
      promiseVerdicts(expectedOf(cached(before), hitRate ? [hitRate] : []), cached(now), figures, 0.1).find(
        ({ figure }) => figure === 'cached_prompt_tokens_share',
      )?.verdict
    assert.deepEqual([verdict(0, 0), verdict(0, 0.5), verdict(0.5, 0)], ['held', 'held', 'undecided'])
  })

  it('is undecided where nothing tells of the noise', () => {
    const verdict = verdictOf([100], [100])
    assert.equal(verdict?.verdict, 'undecided')
    assert.match(verdict.why, /--repeats 3/)
  })

  it('is undecided, with the reason, at a point that is invalid or was not measured', () => {
    const invalid = point([100, 100], result => ({ ...result, status: 'invalid', reason: 'too few samples' }))
    const [limit, figure] = promiseVerdicts(expected([100, 101]), invalid, figures, 0.1)
    assert.equal(limit?.verdict, 'undecided')
    assert.deepEqual([figure?.verdict, figure?.why], ['undecided', 'the point is invalid: too few samples'])
    const [missing] = promiseVerdicts(expected([100, 101]), null, figures, 0.1)
    assert.deepEqual([missing?.verdict, missing?.why], ['undecided', 'not measured'])
  })

  it('is undecided when it was measured with another window', () => {
    const before = { ...expected([100, 101, 99]), window: 'whole' }
    const now = point([100, 101, 99], result =>
      result.measurement === null ? result : { ...result, measurement: { ...result.measurement, window: 'steady' } },
    )
    const verdict = promiseVerdicts(before, now, figures, 0.1).at(-1)
    assert.deepEqual([verdict?.verdict, verdict?.why], ['undecided', 'measured with another window: whole → steady'])
  })

  it('counts a higher throughput as better, a higher latency as worse', () => {
    const faster = point([100, 101, 99], result =>
      result.measurement === null
        ? result
        : {
            ...result,
            measurement: { ...result.measurement, outputTokensPerS: 1e6 * (1 + result.point.repeat / 100) },
          },
    )
    const before = expectedOf(point([100, 101, 99]), throughput)
    const verdict = promiseVerdicts(before, faster, figures, 0.1).at(-1)
    assert.equal(verdict?.verdict, 'held')
    assert.ok((verdict.worse?.estimate ?? 1) < 0)
  })

  it('never both: the interval lies on one side of the tolerance or holds it', () => {
    const values = fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { minLength: 2, maxLength: 5 })
    fc.assert(
      fc.property(values, values, fc.double({ min: 0.01, max: 1, noNaN: true }), (before, now, tolerance) => {
        const verdict = verdictOf(before, now, tolerance)
        const { low = 0, high = 0 } = verdict?.worse ?? {}
        const right = high <= tolerance ? 'held' : low > tolerance ? 'not held' : 'undecided'
        assert.equal(verdict?.verdict, right)
      }),
      { numRuns: 60 },
    )
  })

  it('is wrongly called held in at most 5% of measurements that are worse by just the tolerance', () => {
    // Box-Muller over a fixed linear congruential generator: the same 400 draws each time.
    let state = 12_345
    const uniform = () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state / 2_147_483_648
    }
    const noise = () => Math.sqrt(-2 * Math.log(uniform() || 0.5)) * Math.cos(2 * Math.PI * uniform())
    const draw = (level: number) => Array.from({ length: 3 }, () => level * Math.exp(0.05 * noise()))
    const verdicts = Array.from({ length: 400 }, () => verdictOf(draw(100), draw(110))?.verdict)
    const wrong = verdicts.filter(verdict => verdict === 'held').length
    assert.ok(wrong <= 0.05 * 400 + 2 * Math.sqrt(400 * 0.05 * 0.95), `${wrong} of 400`)
  })
})

describe('a limit of the SLO that was met', () => {
  const limitOf = (now: readonly number[]) => promiseVerdicts(expected([100, 101, 99]), point(now), figures, 0.1)[0]

  it('held when it is met again, and did not when it is missed', () => {
    assert.deepEqual(
      [limitOf([120, 121, 119])?.title, limitOf([120, 121, 119])?.verdict],
      ['TTFT p95 ≤ 500 ms', 'held'],
    )
    assert.equal(limitOf([620, 621, 619])?.verdict, 'not held')
  })

  it('is undecided when the interval holds the limit', () => {
    assert.equal(limitOf([480, 520, 490])?.verdict, 'undecided')
  })
})

describe('verdicts together', () => {
  it('are not held for one that is not, and undecided without any', () => {
    const of = (...verdicts: readonly ('held' | 'not held' | 'undecided')[]) =>
      heldTogether(verdicts.map(verdict => ({ verdict })))
    assert.equal(of('held', 'undecided', 'not held'), 'not held')
    assert.equal(of('held', 'undecided'), 'undecided')
    assert.equal(of('held', 'held'), 'held')
    assert.equal(of(), 'undecided')
  })
})

describe('expected.json', () => {
  it('is refused with the place and what is wrong', () => {
    const refused = (text: string, message: RegExp) =>
      assert.throws(() => parseExpectation(text, 'deploy/expected.json'), {
        code: 'no-expectation',
        where: 'deploy/expected.json',
        message,
      })
    refused('{', /not valid JSON/)
    refused('{"format":2}', /format 2; this version of Fulcrum reads format 1/)
    refused('{"format":1,"fulcrum":"x"}', /run: /)
  })
})
