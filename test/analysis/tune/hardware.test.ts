// Test part: unit
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../../src/analysis/analyse.ts'
import { compareRuns } from '../../../src/analysis/compare/compare.ts'
import { parseThreshold } from '../../../src/analysis/compare/threshold.ts'
import { isAbsolute, parseGate } from '../../../src/analysis/gates/gate.ts'
import { limitOutcome } from '../../../src/analysis/gates/limit.ts'
import { seriesOf } from '../../../src/analysis/history/series.ts'
import { axesOf, axisFigures } from '../../../src/analysis/overlay/axes.ts'
import { tune } from '../../../src/analysis/tune/tune.ts'
import type { PointResult } from '../../../src/journal/event.ts'
import { figures } from '../../../src/metrics/figures/index.ts'
import { judgeGpus } from '../../../src/metrics/validity/gpus.ts'
import { gpusOf, type Price } from '../../../src/model/index.ts'
import { openMetrics } from '../../../src/render/export/openmetrics.ts'
import { workloadView } from '../../../src/render/views/tune.ts'
import { euros, gpu, runWith, type Site } from '../../render/gpu-run.ts'
import { aggregated, disaggregated, type SyntheticOptions, syntheticRun } from '../../render/synthetic-run.ts'

function answerFor(site: Site, options: SyntheticOptions = {}) {
  const [tuning] = tune(analyse(runWith(site, options)))
  assert.ok(tuning !== undefined)
  return workloadView(tuning)
}

describe('tune, of energy and money', () => {
  test('names the cheapest point within the SLO, in the currency of the price', () => {
    const { cheapest, hardware } = answerFor({})
    assert.ok(cheapest !== null)
    assert.equal(cheapest.currency, 'EUR')
    assert.ok(cheapest.point.meetsSlo)
    assert.match(hardware.join('\n'), /Cheapest within the SLO: .* EUR per million output tokens/)
  })

  test('leaves out what is cheaper but misses the SLO', () => {
    const strict = answerFor({}, { slo: { itlP95Ms: 7.5 } })
    const lax = answerFor({}, { slo: { itlP95Ms: 1000 } })
    assert.ok((strict.cheapest?.value ?? 0) > (lax.cheapest?.value ?? 0))
    assert.notEqual(strict.cheapest?.point.load, lax.cheapest?.point.load)
  })

  test('names another point for tokens per joule where the fastest burns more, and how sure that is', () => {
    const { mostTokensPerJoule, best, hardware } = answerFor(
      { watts: (_, { point }) => (point.deployment.topology.kind === 'aggregated' ? 600 : 60) },
      { repeats: 3 },
    )
    assert.equal(best?.deployment, 'agg x2')
    assert.equal(mostTokensPerJoule?.point.deployment, '1P1D')
    assert.match(hardware.join('\n'), /Most tokens per joule within the SLO: 1P1D .*against the recommended point’s/)
  })

  test('says which role burns what', () => {
    const { energy, hardware } = answerFor(
      { watts: role => (role === 'prefill' ? 200 : 600) },
      { topologies: [disaggregated(1, 1)] },
    )
    assert.deepEqual(Object.keys(energy?.byRole ?? {}), ['prefill', 'decode'])
    assert.ok(Math.abs((energy?.byRole.prefill?.share ?? 0) - 0.25) < 1e-9)
    const split = Object.values(energy?.byRole ?? {}).reduce((sum, { perOutputTokenJ }) => sum + perOutputTokenJ, 0)
    assert.ok(Math.abs(split - (energy?.perOutputTokenJ ?? 0)) < 1e-9)
    assert.match(
      hardware.join('\n'),
      /by role: prefill 25% \(.* J per output token, busy 50% of the time\); decode 75%/,
    )
  })

  test('tells how many points have no figure, instead of taking them for dear or for free', () => {
    const { hardware, mostTokensPerJoule } = answerFor({
      watts: (_, { point }) => (point.deployment.topology.kind === 'aggregated' ? null : 500),
    })
    assert.equal(mostTokensPerJoule?.point.deployment, '1P1D')
    assert.match(hardware.join('\n'), /The figure is unknown for \d of the \d points within the SLO/)
  })

  test('says nothing without GPUs and price', () => {
    const [tuning] = tune(analyse(syntheticRun({ workloads: [[1000, 1000]] })))
    assert.ok(tuning !== undefined)
    const { energy, cheapest, mostTokensPerJoule, hardware } = workloadView(tuning)
    assert.deepEqual([energy, cheapest, mostTokensPerJoule, hardware], [null, null, null, []])
  })

  test('takes no part of a split for the whole: with one role unknown there is no energy', () => {
    const { energy } = answerFor(
      { watts: role => (role === 'prefill' ? null : 500) },
      { topologies: [disaggregated(1, 1)] },
    )
    assert.equal(energy, null)
  })
})

describe('tune, of what GPUs say', () => {
  const evidenceOf = (more: Site['more']) =>
    answerFor({ ...(more === undefined ? {} : { more }) }, { topologies: [disaggregated(1, 1)] }).hardware.join('\n')

  test('has idle prefill GPUs as evidence, with the topology to try', () => {
    const found = evidenceOf(role => ({ utilization: role === 'prefill' ? 0.22 : 0.95 }))
    assert.match(found, /The prefill GPUs were busy 22% of the time and the decode GPUs 95%: try 1P2D\./)
  })
  test('has heat and the power limit as evidence', () => {
    const found = evidenceOf(() => ({ throttled: { power: 0.9, thermal: 0.3 } }))
    assert.match(found, /Heat reduced the clock rates of gpu of prefill, gpu of decode for up to 30% of the time/)
    assert.match(found, /The power limit reduced the clock rates/)
  })
  test('has heat at other points as evidence: they can be better than the recommended one', () => {
    const { hardware } = answerFor({
      more: (_, { point }) => ({
        throttled: { power: 0, thermal: point.deployment.topology.kind === 'disaggregated' ? 0.5 : 0 },
      }),
    })
    assert.match(hardware.join('\n'), /Heat reduced the clock rates at 3 of the other 5 points \(1P1D\)/)
  })
  test('has another process on a GPU as evidence', () => {
    assert.match(
      evidenceOf(() => ({ strangers: ['python (42)'] })),
      /Processes that do not belong to the deployment .*python \(42\)/,
    )
  })
  test('has unequal GPUs of one pool as evidence', () => {
    const run = runWith({}, { topologies: [aggregated(2)] })
    const results = run.results.map((result): PointResult => {
      const { measurement } = result
      if (measurement?.gpus === undefined) return result
      const gpus = [gpu('aggregated', 1, { model: 'H100' }), gpu('aggregated', 1, { model: 'A100' })]
      const measured = { ...measurement, gpus: { ...measurement.gpus, gpus } }
      return { ...result, measurement: measured, findings: judgeGpus(measured, result.point.deployment.topology) }
    })
    const [tuning] = tune(analyse({ ...run, results }))
    assert.ok(tuning !== undefined)
    assert.match(
      workloadView(tuning).hardware.join('\n'),
      /GPUs of aggregated workers differ: H100, 700 W; A100, 700 W/,
    )
  })
})

describe('money', () => {
  const dollars: Price = { ...euros, currency: 'USD' }
  const cost = 'cost_per_million_output_tokens'

  test('of two currencies has no ratio, and says so', () => {
    const gate = parseGate(`${cost}>5%`, parseThreshold)
    assert.ok(!isAbsolute(gate))
    const changesOf = (head: Price) =>
      compareRuns(runWith({}), runWith({ price: head }), [gate])
        .points.flatMap(({ changes }) => changes)
        .filter(({ figure }) => figure.name === cost)
    assert.ok(changesOf(euros).every(({ why }) => !/EUR/.test(why)))
    const other = changesOf(dollars)
    assert.ok(other.length > 0)
    for (const { verdict, why } of other) {
      assert.equal(verdict, 'not comparable')
      assert.equal(why, 'in EUR per 1M tokens in base, in USD per 1M tokens in head')
    }
  })

  test('at another price is told beside a comparison', () => {
    const { differences } = compareRuns(runWith({}), runWith({ price: { ...euros, perGpuHour: 3 } }))
    assert.deepEqual(
      differences.filter(({ what }) => what === 'price'),
      [{ what: 'price', kind: 'subject', base: 'EUR, 2.5 per GPU-hour', head: 'EUR, 3 per GPU-hour' }],
    )
  })

  test('at another price is another series of history', () => {
    const prices = [euros, euros, { ...euros, perGpuHour: 3 }]
    const series = seriesOf(prices.map(price => runWith({ price }))).filter(({ figure }) => figure.name === cost)
    assert.deepEqual([...new Set(series.map(({ values }) => values.length))].sort(), [1, 2])
    assert.equal(series[0]?.figure.unit, 'EUR per 1M tokens')
  })

  test('at another PUE is another series where energy has a price, and is told beside a comparison', () => {
    const price: Price = { ...euros, perKwh: 0.2 }
    const [before, after] = [1.2, 1.4].map(pue => ({ pue, hostW: 1337, networkW: 0 }))
    assert.ok(before !== undefined && after !== undefined)
    const lengths = (of: Price) => {
      const runs = [before, before, after].map(power => runWith({ price: of, power }))
      const series = seriesOf(runs).filter(({ figure }) => figure.name === cost)
      return [...new Set(series.map(({ values }) => values.length))].sort()
    }
    assert.deepEqual(lengths(price), [1, 2])
    assert.deepEqual(lengths(euros), [3])
    const { differences } = compareRuns(runWith({ power: before }), runWith({ power: after }))
    assert.deepEqual(
      differences.filter(({ what }) => what === 'site power').map(({ base, head }) => [base, head]),
      [
        [
          'PUE 1.2, 1,337 W per GPU for hosts, 0 W for the network',
          'PUE 1.4, 1,337 W per GPU for hosts, 0 W for the network',
        ],
      ],
    )
  })

  test('of two currencies is no axis', () => {
    const asAxes = axisFigures(figures)
    const axisOf = (...prices: readonly Price[]) =>
      axesOf(
        asAxes,
        prices.flatMap(price => analyse(runWith({ price })).points),
      ).find(({ name }) => name === cost)
    assert.deepEqual([axisOf(euros, euros)?.unit, axisOf(euros, euros)?.available], ['EUR per 1M tokens', true])
    assert.equal(axisOf(euros, dollars)?.available, false)
  })

  test('has its currency in a gate’s outcome and in OpenMetrics', () => {
    const gate = parseGate(`${cost}>0.001`, null)
    assert.ok(isAbsolute(gate))
    const { outcome, reason } = limitOutcome(gate, runWith({}), { allowance: { lost: 0 }, runName: 'HEAD' })
    assert.equal(outcome, 'failed')
    assert.match(reason, /\d EUR per 1M tokens/)
    assert.match(
      openMetrics(runWith({})),
      /^fulcrum_cost_per_million_output_tokens_per_million_tokens\{.*currency="EUR"\}/m,
    )
  })

  test('is that of GPU-hours over the output tokens of an hour, at every point', () => {
    for (const point of analyse(runWith({})).points) {
      const perHour = 2.5 * gpusOf(point.deployment)
      const tokens = (point.figures.output_tokens_per_s?.mean ?? 0) * 3600
      const expected = (1e6 * perHour) / tokens
      assert.ok(Math.abs((point.figures[cost]?.mean ?? 0) / expected - 1) < 1e-9)
    }
  })
})
