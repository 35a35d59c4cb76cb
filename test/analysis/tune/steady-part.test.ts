import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gaugeOver, steadyPart } from '../../../src/analysis/tune/steady-part.ts'
import type { Measurement } from '../../../src/metrics/measurement.ts'
import { syntheticRun } from '../../render/synthetic-run.ts'

const [result] = syntheticRun({ concurrencies: [4] }).results
const base = result?.measurement
assert.ok(base?.requestLatencyMs != null)
const lasting = (durationS: number, p95: number, window?: Measurement['window']): Measurement => ({
  ...base,
  ...(window === undefined ? {} : { window }),
  durationS,
  requestLatencyMs: base.requestLatencyMs && { ...base.requestLatencyMs, p95 },
})

test('a whole run is steady between its first wave and its drain, each as long as a slow request', () => {
  assert.deepEqual(steadyPart(lasting(10, 2000)), { fromMs: 2000, toMs: 8000 })
  assert.deepEqual(steadyPart(lasting(10, 2000, 'whole')), { fromMs: 2000, toMs: 8000 })
})
test('a steady window is not cut, nor is a run that is all ramp and drain', () => {
  assert.equal(steadyPart(lasting(10, 2000, 'steady')), null)
  assert.equal(steadyPart(lasting(4, 2000)), null)
})
test('a gauge counts by the time that it stood, within the stretch alone', () => {
  // The first wave waits for 2 s, then three requests do; nothing moved in between, so no sample was kept there.
  const series = [
    [0, 12],
    [2000, 12],
    [2000.5, 3],
    [8000, 3],
    [10_000, 0],
  ] as const
  const gauge = { mean: 6, max: 12, last: 0, series }
  const { mean, max } = gaugeOver(gauge, { fromMs: 2001, toMs: 7999 })
  assert.ok(Math.abs(mean - 3) < 1e-9)
  assert.equal(max, 3)
  assert.deepEqual(gaugeOver(gauge, null), { mean: 6, max: 12 })
  assert.deepEqual(gaugeOver({ mean: 6, max: 12, last: 0 }, { fromMs: 1, toMs: 2 }), { mean: 6, max: 12 })
})
