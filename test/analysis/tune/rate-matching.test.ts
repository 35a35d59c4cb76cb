import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../../src/analysis/analyse.ts'
import { matchRates } from '../../../src/analysis/tune/rate-matching.ts'
import { loadProfile } from '../../../src/simulator/profile.ts'
import { aggregated, disaggregated } from '../../render/synthetic-run.ts'
import { virtualRun } from './virtual-run.ts'

const profile = await loadProfile('deepseek-r1-fp4-gb200')
const slo = { ttftP95Ms: 4000, itlP95Ms: 25 }
const matched = (isl: number, osl: number, topologies: readonly (readonly [number, number])[]) =>
  matchRates(
    analyse(
      virtualRun(profile, {
        topologies: [aggregated(2), ...topologies.map(([prefill, decode]) => disaggregated(prefill, decode))],
        workloads: [[isl, osl]],
        concurrencies: [4, 8, 16, 24, 32, 48, 64, 128, 256],
        slo,
      }),
    ).points,
  )

describe('rate matching', () => {
  const [long] = matched(8000, 256, [
    [1, 3],
    [1, 1],
    [2, 1],
    [3, 1],
    [2, 2],
  ])
  assert.ok(long !== undefined)
  const row = (label: string) => long.rows.find(one => one.label === label)

  test('takes what a worker does from where it is alone at its limit', () => {
    assert.equal(long.prefill.point.label, '1P3D')
    assert.equal(long.prefill.isLimit, true)
    assert.equal(long.decode.point.label, '3P1D')
  })
  test('knows prefill’s rate to be that of the engine: one prompt after the other', () => {
    // 8000 tokens take 167 ms by the profile's own table.
    assert.ok(long.prefill.requestsPerS > 5 && long.prefill.requestsPerS < 6.2, String(long.prefill.requestsPerS))
    assert.ok(Math.abs(long.prefill.tokensPerS - 8000 * long.prefill.requestsPerS) < 1e-6)
  })
  test('predicts topologies that were not used for it as they were measured', () => {
    for (const label of ['1P1D', '2P2D']) {
      const one = row(label)
      assert.ok(one !== undefined && Math.abs(one.apart) < 0.15, `${label}: ${one?.apart}`)
      assert.equal(one.limit, 'prefill')
    }
  })
  test('wants more prefill than decode for long prompts, and less for long answers', () => {
    const [answers] = matched(1000, 1000, [
      [1, 4],
      [2, 1],
    ])
    assert.ok(answers !== undefined)
    assert.ok(long.ratio > 1)
    assert.ok(answers.ratio < 0.5)
    const { topology } = answers.best
    assert.ok(topology.kind === 'disaggregated' && topology.decode > topology.prefill)
  })
  test('says when a worker may handle more than was measured, and what to do', () => {
    const [unsure] = matchRates(
      analyse(
        virtualRun(profile, {
          topologies: [disaggregated(1, 1), disaggregated(2, 1)],
          workloads: [[8000, 256]],
          concurrencies: [1, 2],
          slo,
        }),
      ).points,
    )
    assert.ok(unsure !== undefined)
    assert.equal(unsure.prefill.isLimit, false)
    assert.match(unsure.advice ?? '', /may handle more than was measured: add heavier loads/)
  })
  test('says nothing of one ratio alone', () => {
    assert.deepEqual(
      matched(8000, 256, [
        [1, 1],
        [2, 2],
      ]),
      [],
    )
  })
})
