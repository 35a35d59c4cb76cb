import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Measurement, Stopping } from '../../../src/metrics/measurement.ts'
import { judgeStopping } from '../../../src/metrics/validity/stopping.ts'

const figures = {
  met: { figure: 'ttft_p95_ms', estimate: 500, low: 450, high: 560, limitMs: 2000, state: 'met' },
  near: { figure: 'itl_p95_ms', estimate: 25, low: 22, high: 28, limitMs: 25, state: 'open' },
  precise: { figure: 'output_tokens_per_s', estimate: 1000, low: 980, high: 1020, state: 'precise' },
  loose: { figure: 'output_tokens_per_s', estimate: 1000, low: 900, high: 1100, state: 'open' },
  tail: { figure: 'ttft_p95_ms', estimate: 500, low: 400, high: null, limitMs: 2000, state: 'open' },
} as const

const said = (stopping: Partial<Stopping>) =>
  judgeStopping({
    stopping: { reason: 'settled', requests: 226, max: 1600, precision: 0.05, figures: [], ...stopping },
  } as unknown as Measurement)[0]

test('a point that stopped says after how many requests, and what is known', () => {
  const finding = said({ figures: [figures.met, figures.precise] })
  assert.equal(finding?.code, 'stopped')
  assert.equal(finding?.severity, 'note')
  assert.equal(
    finding?.message,
    'stopped after 226 of at most 1,600 requests: TTFT p95 certainly within 2.0 s, Output token throughput ± 2.0%',
  )
})

test('an objective left open is a warning with its half-width, a figure left open a note', () => {
  const near = said({ reason: 'max', requests: 1600, figures: [figures.met, figures.near] })
  assert.equal(near?.code, 'precision-not-reached')
  assert.equal(near?.severity, 'warning')
  assert.match(near?.message ?? '', /ITL p95 ± 12\.0% around its limit of 25\.0 ms/)
  const loose = said({ reason: 'max', requests: 1600, figures: [figures.met, figures.loose] })
  assert.equal(loose?.severity, 'note')
  assert.match(loose?.message ?? '', /Output token throughput ± 10\.0%/)
})

test('a tail without a bound is said to have none', () => {
  assert.match(said({ reason: 'max', figures: [figures.tail] })?.message ?? '', /TTFT p95 unbounded/)
})

test('other points say nothing', () => {
  assert.deepEqual(judgeStopping({} as Measurement), [])
})
