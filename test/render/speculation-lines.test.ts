// Test part: unit

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import { bottleneckAt } from '../../src/analysis/tune/bottleneck.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import { speculationLines } from '../../src/render/views/speculation-lines.ts'
import { syntheticRun } from './synthetic-run.ts'

const [result] = syntheticRun({ workloads: [[100, 10]], concurrencies: [1] }).results
const measurement = result?.measurement ?? assert.fail('no measurement')
const linesOf = (...more: readonly Partial<Measurement>[]) =>
  speculationLines({ valid: more.map(each => ({ ...measurement, ...each })) })

describe('the lines about a point’s speculative decoding', () => {
  test('say the whole, each position, each worker, and what chunks show', () => {
    const speculation = {
      by: 'counters',
      rate: 0.6,
      length: 2.8,
      byPosition: [0.8, 0.6, 0.4],
      workers: { 'decode-0': { rate: 0.7, length: 3.1 }, 'decode-1': { rate: 0.5, length: 2.5 } },
    } as const
    assert.deepEqual(linesOf({ speculation, tokensPerChunk: 2.75 }), [
      ['acceptance rate', '60%'],
      ['tokens a step', '2.80'],
      ['drafts accepted up to token 1', '80%'],
      ['drafts accepted up to token 2', '60%'],
      ['drafts accepted up to token 3', '40%'],
      ['decode-0, acceptance rate', '70%'],
      ['decode-0, tokens a step', '3.10'],
      ['decode-1, acceptance rate', '50%'],
      ['decode-1, tokens a step', '2.50'],
      ['tokens a chunk, by the client', '2.75'],
    ])
  })

  test('are means over repeats, and say when gauges were only sampled', () => {
    const gauges = (rate: number) => ({ speculation: { by: 'gauges', rate, length: null } }) as const
    assert.deepEqual(linesOf(gauges(0.4), gauges(0.6), {}), [['acceptance rate, sampled', '50%']])
  })

  test('show chunks of several tokens where no worker says anything, and nothing where chunks have one', () => {
    assert.deepEqual(linesOf({ tokensPerChunk: 2.6 }), [['tokens a chunk, by the client', '2.60']])
    assert.deepEqual(linesOf({ tokensPerChunk: 1 }), [])
    assert.deepEqual(linesOf({}), [])
  })

  test('leave out what can’t be', () => {
    assert.deepEqual(linesOf({ speculation: { by: 'counters', rate: 2, length: 3, isImpossible: true } }), [])
  })
})

test('what tune looked at names what speculative decoding accepts, where workers say it', () => {
  const evidenceOf = (speculation: Measurement['speculation']) => {
    const change = <R extends { readonly measurement: Measurement | null }>(one: R): R =>
      one.measurement === null || speculation === undefined
        ? one
        : { ...one, measurement: { ...one.measurement, speculation } }
    const run = syntheticRun({ workloads: [[1000, 10]], concurrencies: [4], change })
    const [point] = analyse(run).workloads[0]?.points ?? []
    assert.ok(point !== undefined)
    return bottleneckAt(point, { lightest: null, aggregated: null }).evidence.filter(text => text.includes('drafted'))
  }
  assert.deepEqual(evidenceOf({ by: 'counters', rate: 0.6, length: 2.8 }), [
    'Speculative decoding accepts 60% of the drafted tokens and gives 2.8 tokens a step.',
  ])
  assert.deepEqual(evidenceOf(undefined), [])
})
