// Test part: unit

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Measurement } from '../../src/metrics/measurement.ts'
import type { Deployment } from '../../src/model/index.ts'
import { cacheLines } from '../../src/render/views/cache-lines.ts'
import { syntheticRun } from './synthetic-run.ts'

const [result] = syntheticRun({ workloads: [[100, 10]], concurrencies: [1] }).results
const measurement = result?.measurement ?? assert.fail('no measurement')
const deployment = result?.point.deployment ?? assert.fail('no point')
const linesOf = (...more: readonly Partial<Measurement>[]) => linesIn(deployment, ...more)
const linesIn = (where: Deployment, ...more: readonly Partial<Measurement>[]) =>
  cacheLines({ deployment: where, valid: more.map(each => ({ ...measurement, ...each })) })
const split: Deployment = { ...deployment, topology: { kind: 'disaggregated', prefill: 2, decode: 2 } }
const answers = (cachedTokens: number) => ({
  answers: 2,
  answersInAll: 2,
  cachedTokens,
  promptTokens: 100,
  impossible: 0,
})

describe('the lines about a point’s prefix cache', () => {
  test('say what was possible, and what answers and each page say', () => {
    const byTurn = [
      { answers: 1, cachedTokens: 0, promptTokens: 40 },
      { answers: 1, cachedTokens: 30, promptTokens: 60 },
    ]
    const serverCache = {
      frontend: { cachedTokens: 29, promptTokens: 100 },
      router: { cachedTokens: 28, promptTokens: 100, bestTokens: 35 },
      routerHitRate: 0.27,
      workers: { 'prefill-0': 0.2, 'prefill-1': 0.4 },
    }
    assert.deepEqual(linesOf({ promptCache: { ...answers(30), byTurn }, possibleCachedShare: 0.6, serverCache }), [
      ['possible', '60%'],
      ['answers', '30%'],
      ['answers, turn 1', '0%'],
      ['answers, turn 2', '50%'],
      ['frontend', '29%'],
      ['router, of the workers it chose', '28%'],
      ['router, of the best workers', '35%'],
      ['router, by request', '27%'],
      ['prefill-0', '20%'],
      ['prefill-1', '40%'],
    ])
  })

  test('are means over the repeats that say it', () => {
    assert.deepEqual(linesOf({ promptCache: answers(20) }, { promptCache: answers(40) }, {}), [['answers', '30%']])
  })

  test('say that answers speak for the decode workers, unless the engine passes on what prefill workers had', () => {
    assert.deepEqual(linesIn(split, { promptCache: answers(30) }), [['answers (decode workers)', '30%']])
    assert.deepEqual(linesIn(split, { promptCache: { ...answers(30), isOfPrefill: true } }), [['answers', '30%']])
  })

  test('are none where only the possible is known, and leave out answers that can’t be', () => {
    assert.deepEqual(linesOf({ possibleCachedShare: 0.5 }), [])
    assert.deepEqual(linesOf({ promptCache: { ...answers(120), impossible: 1 } }), [])
  })
})
