// Test part: unit
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '../../../src/analysis/analyse.ts'
import { energyOfFleet } from '../../../src/analysis/capacity/energy.ts'
import { capacityPoint } from '../../../src/analysis/capacity/point.ts'
import type { CapacityQuestion } from '../../../src/analysis/capacity/question.ts'
import type { ResponseStep } from '../../../src/analysis/capacity/response.ts'
import { askedByFlags } from '../../../src/commands/capacity/flags.ts'
import { questionOf } from '../../../src/commands/capacity/question.ts'
import type { Price } from '../../../src/model/index.ts'
import { planned } from '../../../src/render/views/capacity-planner.ts'
import { costLines } from '../../../src/render/views/capacity-words.ts'
import { aggregated, syntheticRun } from '../../render/synthetic-run.ts'

const step = (requestsPerS: number, watts: number | null): ResponseStep => {
  const [point] = analyse(syntheticRun({ topologies: [aggregated(1)], concurrencies: [1] })).points
  assert.ok(point !== undefined)
  const mean = watts === null ? null : { mean: watts, ci95: null, stddev: null, n: 1 }
  return {
    load: requestsPerS,
    requestsPerS,
    latencies: { ttftMs: null, itlMs: null, requestLatencyMs: null },
    point: { ...capacityPoint(point), figures: { gpu_power_mean_w: mean } },
  }
}

/** A replica that answers 10 requests/s, at powers that were measured at 2, 5 and 10. */
const measured = (watts: readonly (number | null)[] = [200, 500, 800]) => ({
  request: { share: 1 },
  steps: [2, 5, 10].map((rate, i) => step(rate, watts[i] ?? null)),
  alone: { requestsPerS: 10 },
})

describe('the energy of a fleet', () => {
  test('is that of the power at each hour’s load, over all replicas', () => {
    // 10/s: 800 W; 7.5/s, half-way between 5 and 10: 650 W.
    const energy = energyOfFleet([measured()], [1, 0.75], 3, 730)
    assert.equal(energy?.meanPowerW, 3 * 725)
    assert.equal(energy?.kwhPerMonth, (3 * 725 * 730) / 1000)
    assert.equal(energy?.lighterHours, 0)
  })

  test('counts an hour below the lightest load with its power, and says so', () => {
    const energy = energyOfFleet([measured()], [0.1], 1, 730)
    assert.deepEqual([energy?.meanPowerW, energy?.lighterHours], [200, 1])
  })

  test('is unknown, not 0, where the power of one load is', () => {
    assert.equal(energyOfFleet([measured([200, null, 800])], [1], 1, 730), null)
    assert.equal(energyOfFleet([measured(), { ...measured(), steps: [] }], [1], 1, 730), null)
  })

  test('lies between the lowest and the highest power that was measured', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), day => {
        const watts = energyOfFleet([measured()], day, 1, 730)?.meanPowerW ?? 0
        assert.ok(watts >= 200 - 1e-9 && watts <= 800 + 1e-9)
      }),
    )
  })
})

describe('a capacity plan from a run with power and a price', () => {
  const runWith = (price: Price | undefined, watts: number | null) =>
    syntheticRun({
      workloads: [[1000, 1000]],
      change: result => {
        const { measurement } = result
        if (measurement === null) return result
        const energyJ = watts === null ? null : watts * measurement.durationS
        const gpus = { source: 'nvml', gpus: [], energyJ, energyErrorJ: 0 }
        return { ...result, measurement: { ...measurement, gpus, ...(price === undefined ? {} : { price }) } }
      },
    })
  function answered(price: Price | undefined, watts: number | null, flags: Parameters<typeof askedByFlags>[0] = {}) {
    const analysis = analyse(runWith(price, watts))
    const question: CapacityQuestion = questionOf(askedByFlags({ rps: '5', ...flags }), analysis.workloads, null)
    const ground = { points: analysis.points, run: { folder: '', sweep: '', runId: '' }, twin: null }
    const { view } = planned(ground, question)
    assert.ok(view.answer !== null)
    return { cost: view.answer.cost, lines: costLines(view.answer, view).join('\n') }
  }
  const euros: Price = { perGpuHour: 2.5, perKwh: 0.2, currency: 'EUR' }

  test('takes the sweep’s price and its currency, and names the energy and its own price', () => {
    const { cost, lines } = answered(euros, 1000)
    assert.deepEqual([cost.unit, cost.currency], ['price', 'EUR'])
    assert.match(
      lines,
      /energy of the GPUs, from measured power: .* kW on average, .* kWh per month, .* EUR on top of the GPU-hours at 0.2 EUR per kWh/,
    )
  })

  test('prefers the price that is asked for', () => {
    const { cost } = answered(euros, 1000, { price: '4', currency: 'USD' })
    assert.equal(cost.currency, 'USD')
    assert.equal(cost.perHour % 4, 0)
  })

  test('says nothing of energy where power is unknown, and counts GPU-hours without a price', () => {
    const { cost, lines } = answered(undefined, null)
    assert.deepEqual([cost.unit, cost.currency], ['GPU-hours', null])
    assert.ok(!lines.includes('kWh'))
  })
})
