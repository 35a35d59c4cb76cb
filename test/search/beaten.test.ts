import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PointResult } from '../../src/journal/index.ts'
import type { FigureAtLook } from '../../src/metrics/measurement.ts'
import type { Point } from '../../src/model/index.ts'
import { beatenBy } from '../../src/search/beaten.ts'

const workload = { name: 'w', isl: { kind: 'fixed', tokens: 1000 }, osl: { kind: 'fixed', tokens: 100 } }
const pointOf = (id: string, workers = 1, more = {}) =>
  ({
    id,
    deployment: { topology: { kind: 'aggregated', workers }, gpusPerWorker: { prefill: 1, decode: 1, aggregated: 1 } },
    workload,
    slo: { ttftP95Ms: 1000 },
    ...more,
  }) as unknown as Point

/** A rival of 100 tokens/s/user and 500 tokens/s on one GPU. */
const rival = ({ p95 = 500, status = 'ok', point = pointOf('rival'), low = 480 } = {}) =>
  ({
    status,
    point,
    measurement: {
      requests: { sent: 10, completed: 10, failed: 0 },
      ttftMs: { p95 },
      outputTokensPerSPerUser: { mean: 100 },
      outputTokensPerS: 500,
      stopping: { figures: [{ figure: 'output_tokens_per_s', low }] },
    },
  }) as unknown as PointResult

const at = (perUser: number | null, perS: number | null, state: FigureAtLook['state'] = 'open'): FigureAtLook[] => [
  { figure: 'ttft_p95_ms', estimate: 1, low: null, high: null, limitMs: 1000, state },
  { figure: 'output_tokens_per_s_per_user', estimate: 1, low: 0, high: perUser, state: 'open' },
  { figure: 'output_tokens_per_s', estimate: 1, low: 0, high: perS, state: 'open' },
]

test('a point whose bounds lie below what another surely gives, per user and per GPU, is beaten', () => {
  const isBeaten = beatenBy(pointOf('p'), [rival()])
  assert.ok(isBeaten(at(90, 470)))
  assert.ok(!isBeaten(at(110, 470)), 'it may give more per user')
  assert.ok(!isBeaten(at(90, 490)), 'it may give more per GPU than the rival surely gives')
  assert.ok(!isBeaten(at(null, null)), 'nothing is known of it')
})

test('throughput counts per GPU of each', () => {
  assert.ok(beatenBy(pointOf('p', 2), [rival()])(at(90, 900)))
  assert.ok(!beatenBy(pointOf('p', 1), [rival()])(at(90, 900)))
})

test('a point that surely misses the SLO goes on while it may lie on the frontier', () => {
  const isBeaten = beatenBy(pointOf('p'), [rival()])
  assert.ok(!isBeaten(at(1000, 1000, 'missed')))
  assert.ok(!isBeaten(at(90, 1000, 'missed')))
  assert.ok(isBeaten(at(90, 470, 'missed')), 'dominated by what meets the SLO')
  assert.ok(!beatenBy(pointOf('p'), [])(at(90, 470, 'missed')))
})

test('a rival that misses the SLO, is invalid, of another workload or the point itself beats nobody', () => {
  const other = pointOf('other', 1, { workload: { ...workload, osl: { kind: 'fixed', tokens: 7 } } })
  for (const one of [rival({ p95: 2000 }), rival({ status: 'invalid' }), rival({ point: other })])
    assert.ok(!beatenBy(pointOf('p'), [one])(at(1, 1, 'missed')))
  assert.ok(!beatenBy(pointOf('rival'), [rival()])(at(1, 1, 'missed')))
})
