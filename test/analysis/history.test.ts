import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { changePoints, testedSplit } from '../../src/analysis/history/change-points.ts'
import { historyOf } from '../../src/analysis/history/history.ts'
import type { Run } from '../../src/journal/run.ts'
import { createRandom } from '../../src/point/index.ts'
import { noisyRun } from '../report/noisy-run.ts'
import { aggregated, disaggregated } from '../report/synthetic-run.ts'

const normals = (seed: number, count: number) => {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => random.normal())
}

describe('change points', () => {
  test('are where the level changes, and nowhere else', () => {
    const noise = normals(1, 30)
    const values = noise.map((value, i) => value * 0.2 + (i < 10 ? 0 : i < 20 ? 2 : -1))
    assert.deepEqual(
      changePoints(values, createRandom(2), 0.05).map(point => point.at),
      [10, 20],
    )
  })

  for (const count of [8, 25])
    test(`are found in noise alone no more often than promised: ${count} values`, () => {
      const series = 300
      let alarms = 0
      for (let seed = 0; seed < series; seed++)
        if ((testedSplit(normals(seed, count), createRandom(`p${seed}`))?.p ?? 1) <= 0.05) alarms++
      // Three standard errors of a share of 5 % above it.
      assert.ok(alarms / series <= 0.05 + 3 * Math.sqrt((0.05 * 0.95) / series), `${alarms} of ${series}`)
    })

  test('are none in a constant series, nor in one that is too short', () => {
    assert.deepEqual(changePoints(new Array<number>(20).fill(3), createRandom(1), 0.05), [])
    assert.deepEqual(changePoints([1, 1, 9], createRandom(1), 0.05), [])
  })

  test('are no single outlier', () => {
    const values = normals(5, 20).map((value, i) => value * 0.1 + (i === 19 ? 50 : 0))
    assert.ok(!changePoints(values, createRandom(1), 0.05).some(point => point.at === 19))
  })
})

const options = {
  workloads: [[1000, 1000] as const],
  topologies: [aggregated(2), disaggregated(1, 1)],
  concurrencies: [4, 16],
  repeats: 3,
}

/** A SYNTHETIC nightly: `slowdown` from run `from` on. */
function nightly(count: number, from: number, slowdown: number): Run[] {
  return Array.from({ length: count }, (_, i) => {
    const run = noisyRun(options, { seed: 100 + i, slower: () => (i >= from ? slowdown : 1) })
    const createdAt = new Date(Date.UTC(2026, 0, 1 + i)).toISOString()
    return {
      ...run,
      manifest: {
        ...run.manifest,
        runId: `run-${i}`,
        createdAt,
        git: { revision: String(i).padStart(40, 'a'), dirty: false },
      },
    }
  })
}

describe('the history of a sweep', () => {
  test('dates a lasting slowdown to its run, with its size', () => {
    const history = historyOf('nightly', nightly(14, 9, 1.2), 'run-3')
    const itl = history.changes.filter(change => change.series.figure.name === 'itl_p95_ms')
    assert.equal(itl.length, 4)
    for (const change of itl) {
      assert.equal(change.run, 9)
      assert.equal(change.before, 8)
      assert.equal(change.verdict, 'slower')
      assert.ok(Math.abs(change.relative - 0.2) < 0.05, String(change.relative))
    }
    assert.ok(history.changes.some(change => change.series.figure.name === 'hypervolume' && change.run === 9))
    assert.equal(history.baseline, 3)
  })

  test('says nothing of runs that differ by noise alone', () => {
    const history = historyOf('nightly', nightly(14, 99, 1), null)
    assert.deepEqual(history.changes, [])
    assert.ok(history.trends.every(trend => trend.levels.length === 1))
    assert.equal(history.baseline, null)
  })

  test('calls no change that is smaller than the noise of repeats', () => {
    for (const trend of historyOf('nightly', nightly(14, 9, 1.2), null).trends)
      for (const change of trend.changes)
        assert.ok(trend.band === null || Math.abs(Math.log1p(change.relative)) > Math.log(trend.band))
  })

  test('needs as many runs as can be told apart', () => {
    assert.deepEqual(historyOf('nightly', nightly(3, 2, 3), null).changes, [])
  })
})
