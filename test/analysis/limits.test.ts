import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseThreshold } from '../../src/analysis/compare/threshold.ts'
import { isAbsolute, limitFigures, parseGate } from '../../src/analysis/gates/gate.ts'
import { limitOutcome } from '../../src/analysis/gates/limit.ts'
import { gateText } from '../../src/analysis/gates/outcome.ts'
import { parseHistoryThreshold } from '../../src/analysis/history/gate.ts'
import type { PointResult } from '../../src/journal/event.ts'
import type { Run } from '../../src/journal/run.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { aggregated, disaggregated, failed, invalid, syntheticRun } from '../render/synthetic-run.ts'

const limitOf = (text: string) => {
  const gate = parseGate(text, null)
  assert.ok(isAbsolute(gate))
  return gate
}

describe('what --fail-on takes', () => {
  const limits: readonly (readonly [text: string, figure: string, limit: number])[] = [
    ['ttft_p95>2000ms', 'ttft_p95_ms', 2000],
    ['ttft_p95>2s', 'ttft_p95_ms', 2000],
    [' TTFT_P95_ms > 1.5 S ', 'ttft_p95_ms', 1500],
    ['output_tokens_per_s_per_gpu<96tokens/s', 'output_tokens_per_s_per_gpu', 96],
    ['output_tokens_per_s_per_gpu<96tok/s/GPU', 'output_tokens_per_s_per_gpu', 96],
    ['output_tokens_per_s_per_user < 40 tokens/s/user', 'output_tokens_per_s_per_user', 40],
    ['output_tokens_per_s<1000tok/s', 'output_tokens_per_s', 1000],
    ['goodput<3requests/s', 'goodput', 3],
    ['request_throughput<3rps', 'request_throughput', 3],
    ['error_share>1%', 'error_share', 0.01],
    ['error_share>0%', 'error_share', 0],
    ['energy_per_output_token>2 j', 'energy_per_output_token_j', 2],
    ['gpu_power_mean_w>1.5kW', 'gpu_power_mean_w', 1500],
    ['output_tokens_per_s_per_mw<900000tokens/s/MW', 'output_tokens_per_s_per_mw', 900_000],
    ['cost_per_million_output_tokens>2', 'cost_per_million_output_tokens', 2],
    ['cost_per_million_output_tokens>2 per 1M tokens', 'cost_per_million_output_tokens', 2],
  ]
  for (const [text, figure, limit] of limits)
    test(`'${text}' is a limit`, () => {
      const gate = parseGate(text, parseThreshold)
      assert.ok(gate.kind === 'limit')
      assert.deepEqual([gate.figure.name, gate.limit], [figure, limit])
    })

  test("'slo' is the SLO, and a percentage of a figure that is no share is a change", () => {
    assert.deepEqual(parseGate(' SLO ', null), { kind: 'slo', text: 'slo' })
    const gate = parseGate('ttft_p95>5%', parseThreshold)
    assert.ok(gate.kind === 'change' && gate.change === 0.05)
    assert.equal(parseGate('hypervolume<-3%', parseHistoryThreshold).kind, 'change')
  })

  const mistakes: readonly (readonly [text: string, said: RegExp])[] = [
    ['ttft_p95>2000', /TTFT p95 is in ms: write ms or s after the number/],
    ['ttft_p95>2000tokens/s', /TTFT p95 is in ms: write ms or s, not tokens\/s/],
    ['ttft_p95>2000min', /write ms or s, not min/],
    ['output_tokens_per_s<5ms', /is in tokens\/s: write tokens\/s or tok\/s, not ms/],
    ['goodput<5tokens/s', /is in requests\/s/],
    ['error_share>5', /write % after the number/],
    ['error_share>5ms', /is in %: write %, not ms/],
    ['energy_per_output_token>2', /is in J: write J or kJ after the number/],
    ['energy_per_output_token>2W', /is in J: write J or kJ, not W/],
    ['gpu_power_mean>2MW', /is in W: write W or kW, not MW/],
    ['output_tokens_per_s_per_mw<5', /write tokens\/s\/MW or tok\/s\/MW after the number/],
    ['cost_per_million_output_tokens>2EUR', /in the currency of the sweep’s price: write 2 alone, without EUR/],
    ['ttft>2000ms', /unknown figure 'ttft'/],
    ['hypervolume<5tokens/s', /unknown figure 'hypervolume'/],
    ['ttft_p95', /not of the form/],
    ['', /not of the form/],
    ['slow', /not of the form/],
    ['ttft_p95>=2000ms', /not of the form/],
    ['ttft_p95>1e999ms', /not of the form/],
    ['ttft_p95>NaNms', /not of the form/],
    ['ttft_p95>-5ms', /TTFT p95 cannot be -5ms/],
    [`ttft_p95>${'9'.repeat(400)}ms`, /cannot be/],
    ['ttft_p95<2000ms', /fails where TTFT p95 is better than the limit/],
    ['output_tokens_per_s_per_gpu>96tokens/s', /fails where Output tokens\/s per GPU is better/],
  ]
  for (const [text, said] of mistakes)
    test(`'${text.slice(0, 40)}' is refused, with what would be right`, () => {
      for (const readChange of [null, parseThreshold, parseHistoryThreshold])
        assert.throws(
          () => parseGate(text, readChange),
          (error: unknown) =>
            error instanceof FulcrumError &&
            error.kind === 'bad-input' &&
            said.test(error.message) &&
            /--fail-on/.test(`${error.remedy}`),
        )
    })

  test('a figure that there is none of names those that were meant', () => {
    const remedyOf = (text: string, readChange: typeof parseThreshold | null) => {
      try {
        parseGate(text, readChange)
      } catch (error) {
        return error instanceof FulcrumError ? error.remedy : undefined
      }
    }
    assert.match(
      remedyOf('ttft>5ms', null) ?? '',
      /^Did you mean ttft_p95(, ttft_\w+){2} or ttft_\w+\? Use a gate such as /,
    )
    assert.match(remedyOf('ttft>5%', parseThreshold) ?? '', /^Did you mean ttft_p95/)
    assert.match(remedyOf('ttft_q95>5ms', null) ?? '', /^Did you mean ttft_p95\? /)
    assert.match(remedyOf('happiness>5ms', null) ?? '', /^Use a gate such as .* Figures: ttft_/)
  })

  test('a change is refused where there is no other run, and a limit is proposed', () => {
    for (const text of ['ttft_p95>5%', 'output_tokens_per_s_per_gpu<-3%', 'goodput<-3%'])
      assert.throws(
        () => parseGate(text, null),
        (error: unknown) =>
          error instanceof FulcrumError &&
          /needs another run to compare with/.test(error.message) &&
          /--fail-on "[a-z0-9_]+[<>]\d+\S+"/.test(error.remedy ?? ''),
      )
  })

  test('every figure takes a limit in its own unit, and whatever else is written is refused or read', () => {
    for (const { name, unit, better } of limitFigures()) {
      const gate = parseGate(`${name}${better === 'lower' ? '>' : '<'}7${unit}`, null)
      assert.ok(gate.kind === 'limit' && gate.figure.name === name)
    }
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^ttft_p95[<>][-+0-9.e]{1,6}(ms|s|%|x|)$/)), text => {
        try {
          const gate = parseGate(text, parseThreshold)
          if (gate.kind === 'limit') assert.ok(Number.isFinite(gate.limit) && gate.limit >= 0)
          if (gate.kind === 'change') assert.ok(Number.isFinite(gate.change))
        } catch (error) {
          assert.ok(error instanceof FulcrumError, String(error))
        }
      }),
    )
  })
})

const base = syntheticRun({ topologies: [aggregated(2), disaggregated(1, 1)], concurrencies: [1, 4, 16], repeats: 2 })
const changed = (change: (result: PointResult, index: number) => PointResult | null): Run => ({
  ...base,
  results: base.results.flatMap((result, index) => change(result, index) ?? []),
})
const held = (text: string, run: Run, lost = 0) =>
  limitOutcome(limitOf(text), run, { allowance: { lost }, runName: 'the run' })
const outcomes = (text: string, run: Run, lost = 0) => held(text, run, lost).workloads.map(({ outcome }) => outcome)

describe('a limit', () => {
  test('passes when every point is within it, and fails where one is beyond it, for each workload by itself', () => {
    assert.deepEqual(outcomes('itl_p95>10s', base), ['passed', 'passed'])
    const slow = changed(r =>
      r.point.workload.name === '8000/256' || r.measurement?.itlMs == null || r.point.load.requests !== 160
        ? r
        : { ...r, measurement: { ...r.measurement, itlMs: { ...r.measurement.itlMs, p95: 20_000 } } },
    )
    assert.deepEqual(outcomes('itl_p95>10s', slow), ['passed', 'failed'])
    assert.match(
      held('itl_p95>10s', slow).workloads[1]?.said ?? '',
      /^beyond the limit at 2 of 6 points, worst at .*, concurrency 16: 20 s$/,
    )
    assert.equal(held('itl_p95>10s', slow).outcome, 'failed')
  })

  test('is held against the mean of the valid repeats, as every figure of a point is', () => {
    const one = changed((r, i) =>
      i > 0 || r.measurement?.itlMs == null
        ? r
        : { ...r, measurement: { ...r.measurement, itlMs: { ...r.measurement.itlMs, p95: 1000 } } },
    )
    assert.deepEqual(outcomes('itl_p95>600ms', one), ['passed', 'passed'])
    assert.deepEqual(outcomes('itl_p95>400ms', one), ['failed', 'passed'])
  })

  test('is not tested while a point failed or is invalid, and says which', () => {
    const lossy = changed((r, i) => (i < 2 ? failed(r, 'x') : i < 4 ? invalid(r) : r))
    assert.deepEqual(outcomes('itl_p95>10s', lossy), ['not tested', 'passed'])
    assert.equal(
      gateText(held('itl_p95>10s', lossy)),
      'itl_p95>10s: not tested: 8000/256: 1 of 6 points failed, 1 is invalid',
    )
    assert.equal(held('itl_p95>10s', lossy, 1).outcome, 'not tested')
    assert.equal(held('itl_p95>10s', lossy, 2).outcome, 'passed')
  })

  test('is not tested while planned points have no result, unless a search left them out', () => {
    const part = changed((r, i) => (i < 4 ? null : r))
    const planned = { ...part, manifest: { ...part.manifest, plan: { ...part.manifest.plan, points: 24 } } }
    assert.equal(
      gateText(held('itl_p95>10s', planned)),
      'itl_p95>10s: not tested: the run has no result for 2 points of its plan',
    )
    const [first] = base.results
    assert.ok(first)
    const leftOut = {
      seq: 1,
      at: '',
      event: {
        type: 'left-out' as const,
        deployment: first.point.deployment,
        points: [
          {
            pointIds: base.results.slice(0, 4).map(({ point }) => point.id),
            workload: first.point.workload,
            load: first.point.load,
            reason: 'dominated' as const,
            why: '',
            expected: null,
          },
        ],
      },
    }
    assert.equal(held('itl_p95>10s', { ...planned, lines: [leftOut] }).outcome, 'passed')
  })

  test('is not tested where the figure was not measured', () => {
    const whole = changed(r => ({ ...r, measurement: r.measurement && { ...r.measurement, itlMs: null } }))
    assert.match(
      gateText(held('itl_p95>10s', whole)),
      /not tested: 8000\/256: ITL p95 was not measured at 6 of 6 points/,
    )
  })

  test('on failed requests is one on their share', () => {
    const some = changed(r => ({
      ...r,
      measurement: r.measurement && { ...r.measurement, requests: { sent: 200, completed: 199, failed: 1 } },
    }))
    assert.equal(held('error_share>1%', some).outcome, 'passed')
    assert.equal(held('error_share>0.4%', some).outcome, 'failed')
    // Too many failed requests make a point invalid, and fail the limit that asks for them all the same.
    const many = changed(r => ({
      ...invalid(r, '5 % of requests failed'),
      measurement: r.measurement && { ...r.measurement, requests: { sent: 200, completed: 190, failed: 10 } },
    }))
    assert.equal(held('error_share>1%', many).outcome, 'failed')
    assert.match(held('error_share>1%', many).workloads[0]?.said ?? '', /^beyond the limit at 6 of 6 points, .*: 5%$/)
    assert.equal(held('error_share>10%', many).outcome, 'not tested')
    assert.equal(held('itl_p95>10s', many).outcome, 'not tested')
  })
})

describe('the SLO as a gate', () => {
  const slo = (limitMs: number) => (r: PointResult) => ({ ...r, point: { ...r.point, slo: { itlP95Ms: limitMs } } })

  test('passes for a workload when one of its points meets it, fails when none does, and names the nearest', () => {
    assert.deepEqual(outcomes('slo', changed(slo(10_000))), ['passed', 'passed'])
    const none = held(
      'slo',
      changed(r => slo(r.point.workload.name === '8000/256' ? 1 : 10_000)(r)),
    )
    assert.deepEqual(
      none.workloads.map(({ outcome }) => outcome),
      ['failed', 'passed'],
    )
    assert.match(none.workloads[0]?.said ?? '', /^met at none of 6 points; nearest: .*, ITL p95 [\d.]+ ms, limit 1 ms$/)
  })

  test('is not tested without a valid point, while points failed, and without an SLO', () => {
    assert.equal(
      held(
        'slo',
        changed(r => failed(r, 'x')),
      ).outcome,
      'not tested',
    )
    const lossy = changed((r, i) => (i < 2 ? failed(r, 'x') : slo(10_000)(r)))
    assert.deepEqual(outcomes('slo', lossy), ['not tested', 'passed'])
    assert.deepEqual(outcomes('slo', lossy, 1), ['passed', 'passed'])
    const without = changed(r => ({ ...r, point: { ...r.point, slo: {} } }))
    assert.match(gateText(held('slo', without)), /^slo: not tested: 8000\/256: it has no SLO/)
  })

  test('has failed where no valid point meets it, whatever else was not measured', () => {
    const lossy = changed((r, i) => (i < 2 ? failed(r, 'x') : slo(1)(r)))
    assert.deepEqual(outcomes('slo', lossy), ['failed', 'failed'])
  })
})

test('a run without any point passes no limit', () => {
  const empty = changed(() => null)
  const nothing = { ...empty, manifest: { ...empty.manifest, plan: { ...empty.manifest.plan, points: 0 } } }
  for (const text of ['slo', 'itl_p95>10s']) {
    assert.equal(held(text, nothing).outcome, 'not tested')
    assert.equal(held(text, nothing, 99).outcome, 'not tested')
  }
})
