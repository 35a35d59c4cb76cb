import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { historyOf } from '../../src/analysis/history/history.ts'
import { leastAfter, leastBefore, levelChanges, type Track } from '../../src/analysis/history/level-changes.ts'
import type { Run } from '../../src/journal/run.ts'
import { createRandom } from '../../src/model/index.ts'
import { madeTracks } from '../render/made-nights.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { aggregated, disaggregated } from '../render/synthetic-run.ts'

const track = (logs: readonly number[], family = 'itl'): Track => ({
  family,
  values: logs.map((log, run) => ({ run, log })),
})
const normals = (seed: string, count: number) => {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => random.normal())
}
/** Places of the changes of one track by itself. */
const placesIn = (logs: readonly number[]) => (levelChanges([track(logs)], logs.length)[0] ?? []).map(({ at }) => at)

describe('changes of level', () => {
  test('are where the level changes, and nowhere else', () => {
    const values = normals('steps', 36).map((value, i) => value * 0.2 + (i < 12 ? 0 : i < 24 ? 3 : -1))
    assert.deepEqual(placesIn(values), [12, 24])
  })

  test('are none in a constant series, nor in one that is too short', () => {
    assert.deepEqual(placesIn(new Array<number>(20).fill(3)), [])
    const short = [...normals('short', leastBefore), ...new Array<number>(leastAfter - 1).fill(1000)]
    assert.deepEqual(placesIn(short), [])
    assert.deepEqual(levelChanges([], 0), [])
    assert.deepEqual(levelChanges([track([])], 0), [[]])
  })

  test('are none between nights that differ by the rounding of arithmetic alone', () => {
    const tracks = Array.from({ length: 30 }, (_, one) =>
      track(normals(`rounding ${one}`, 20).map((value, i) => Math.log(100) + 1e-15 * value + (i < 12 ? 0 : 2e-14))),
    )
    assert.deepEqual(levelChanges(tracks, 20).flat(), [])
  })

  test('are no odd nights, one or two in a row, wherever they are and however odd', () => {
    for (let at = 0; at < 30; at++)
      for (const odd of [1, 2]) {
        const values = normals(`odd ${at}`, 30).map((value, i) => value + (i >= at && i < at + odd ? 500 : 0))
        assert.deepEqual(placesIn(values), [], `${odd} odd nights at ${at}`)
      }
  })

  test('are found beside odd nights', () => {
    const values = normals('beside', 40).map((value, i) => value + (i % 9 === 4 ? 60 : 0) + (i < 25 ? 0 : 8))
    assert.deepEqual(placesIn(values), [25])
  })

  test('are none where values only remember the ones before, in nine of ten histories over all their looks', () => {
    const histories = 20
    for (const memory of [0, 0.3, 0.6]) {
      let wrong = 0
      for (let trial = 0; trial < histories; trial++) {
        const tracks = madeTracks(createRandom(`null ${memory} ${trial}`), { nights: 60, memory })
        if (levelChanges(tracks, 60).some(changes => changes.length > 0)) wrong++
      }
      // Three standard errors above 10%. Over many more histories: npm run bench -- history-looks.
      assert.ok(wrong / histories <= 0.1 + 3 * Math.sqrt((0.1 * 0.9) / histories), `${wrong} at memory ${memory}`)
    }
  })

  test('of 5% are found within four nights, whatever the nights remember', () => {
    for (const memory of [0, 0.3, 0.6]) {
      const delays = Array.from({ length: 9 }, (_, trial) => {
        const tracks = madeTracks(createRandom(`step ${memory} ${trial}`), { nights: 45, memory, step: 0.05, from: 30 })
        const right = levelChanges(tracks, 45).flatMap(changes => changes.filter(({ at }) => Math.abs(at - 30) <= 2))
        return Math.min(...right.map(({ foundWith }) => foundWith - 30))
      })
      assert.ok((delays.sort((a, b) => a - b)[4] ?? 99) <= 4, `${delays} at memory ${memory}`)
    }
  })

  const steps = fc.record({
    seed: fc.integer(),
    from: fc.integer({ min: 8, max: 30 }),
    size: fc.double({ min: 0, max: 12, noNaN: true }),
  })
  const stepped = ({ seed, from, size }: { seed: number; from: number; size: number }) =>
    normals(`property ${seed}`, 40).map((value, i) => value + (i < from ? 0 : size))

  test('that a look called stay called, whatever the nights after it bring', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 40 }), (drawn, look) => {
        const values = stepped(drawn)
        const [all = []] = levelChanges([track(values)], 40)
        const [then = []] = levelChanges([track(values.slice(0, look))], look)
        const called = all.filter(({ foundWith }) => foundWith <= look)
        assert.deepEqual(
          then.map(({ p, foundWith }) => ({ p, foundWith })),
          called.map(({ p, foundWith }) => ({ p, foundWith })),
        )
        // Nights after it may tell its date better.
        for (const [i, { at }] of then.entries()) assert.ok(Math.abs(at - (called[i]?.at ?? Number.NaN)) <= 4)
      }),
      { numRuns: 40 },
    )
  })

  test('are the same in other units and upside down', () => {
    fc.assert(
      fc.property(steps, drawn => {
        const values = stepped(drawn)
        const places = placesIn(values)
        assert.deepEqual(placesIn(values.map(value => value * 0.25 + 64)), places)
        assert.deepEqual(placesIn(values.map(value => -value)), places)
      }),
      { numRuns: 40 },
    )
  })

  test('are told in a series that misses runs, by the runs that it has', () => {
    const values = normals('missing', 40).map((value, i) => value + (i < 20 ? 0 : 10))
    const some = { family: 'itl', values: values.map((log, run) => ({ run, log })).filter(({ run }) => run % 3 !== 1) }
    const [found] = levelChanges([some], 40)
    assert.deepEqual(
      found?.map(({ at }) => some.values[at]?.run),
      [20],
    )
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
