import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../../src/analysis/analyse.ts'
import { recommendForMix } from '../../../src/analysis/tune/mix.ts'
import { aggregated, disaggregated, syntheticRun } from '../../render/synthetic-run.ts'

const run = syntheticRun({
  repeats: 3,
  topologies: [aggregated(2), disaggregated(1, 1), disaggregated(2, 1), disaggregated(1, 2)],
  slo: { ttftP95Ms: 4000, itlP95Ms: 20 },
})
const { workloads } = analyse(run)
const [long, short] = ['8000/256', '1000/1000']
const forMix = (a: number) => recommendForMix(workloads, { [long]: a, [short]: 1 - a })

describe('one deployment for a mix', () => {
  test('is that of the workload itself when the mix is all of it', () => {
    for (const [name, share] of [
      [long, 1],
      [short, 0],
    ] as const) {
      const own = workloads.find(workload => workload.name === name)?.recommendation.best
      const { best } = forMix(share)
      assert.equal(best?.label, own?.label)
      assert.ok(Math.abs((best?.tokensPerSPerGpu.mean ?? 0) / (own?.y?.mean ?? 1) - 1) < 0.02)
    }
  })
  test('combines capacities by the time that each workload takes', () => {
    const { best } = forMix(0.3)
    assert.ok(best !== null)
    const rates = best.parts.map(({ point }) => point.figures.request_throughput?.mean ?? 0)
    const [a = 0, b = 0] = rates
    assert.ok(Math.abs(1 / best.requestsPerS.mean - (0.3 / a + 0.7 / b)) < 1e-9)
  })
  test('has an interval from the repeats, and a verdict on the lead', () => {
    const { best, runnerUp } = forMix(0.5)
    const [low, high] = best?.tokensPerSPerGpu.ci95 ?? [1, 0]
    assert.ok(low < (best?.tokensPerSPerGpu.mean ?? 0) && high > (best?.tokensPerSPerGpu.mean ?? 0))
    assert.ok(runnerUp !== null && ['shown', 'not-shown'].includes(runnerUp.lead.verdict))
    assert.ok(runnerUp.lead.relative >= 0)
  })
  test('leaves out, with the reason, what misses the SLO with any workload of it', () => {
    const strict = analyse(syntheticRun({ slo: { ttftP95Ms: 150 } }))
    const { best, leftOut } = recommendForMix(strict.workloads, { [long]: 0.5, [short]: 0.5 })
    assert.equal(best, null)
    assert.ok(leftOut.every(({ why }) => /no point of 8000\/256 is valid and meets the SLO/.test(why)))
  })
  test('is in the analysis of a run whose sweep has a mix, and only then', () => {
    assert.equal(analyse(run).mix, null)
    const mixed = analyse({ ...run, manifest: { ...run.manifest, mix: { [long]: 0.5, [short]: 0.5 } } })
    assert.equal(mixed.mix?.best?.label, forMix(0.5).best?.label)
  })
})
