// Test part: long

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { betweenRuns, fewestRuns, heldAgainstRuns } from '../../src/analysis/compare/between-runs.ts'
import { logChanges, oneSided, relativeInterval, type Sides, twoSided } from '../../src/analysis/compare/change-test.ts'
import { compareRuns } from '../../src/analysis/compare/compare.ts'
import { parseThreshold } from '../../src/analysis/compare/threshold.ts'
import { createRandom } from '../../src/model/index.ts'
import { type Effect, type MadeNoise, madeRun } from '../render/made-runs.ts'

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`)

/** Values whose seeds differ between the sides, or are the same. */
const sides = (base: readonly number[], head: readonly number[], shared = false): Sides => ({
  base: base.map((value, seed) => ({ seed, value })),
  head: head.map((value, i) => ({ seed: shared ? i : 100 + i, value })),
})

const value = fc.double({ min: 1, max: 3, noNaN: true })
const repeats = fc.array(value, { minLength: 2, maxLength: 5 })

describe('the change at each point', () => {
  test("is Student's t with the variance of both sides pooled, for a point alone", () => {
    // scipy.stats.ttest_ind(log head, log base): t = 3.7750, p = 0.01952.
    const [change] = logChanges([sides([100, 104, 98], [110, 113, 107])])
    assert.ok(change)
    assert.equal(change.freedom, 4)
    near(change.difference / change.error, 3.774991, 1e-3)
    near(twoSided(oneSided(change)), 0.01952006, 1e-5)
  })

  test('rests on the own noise of a noisy point, where points differ too much in noise for one level', () => {
    const quiet = sides([100, 100.1, 99.9], [100, 100.1, 99.9])
    const noisy = sides([100, 130, 80], [105, 135, 85])
    const [alone] = logChanges([noisy])
    const changes = logChanges([noisy, quiet, quiet, quiet, noisy, noisy])
    assert.ok(alone && changes[0] && changes[1])
    near(changes[0].error, alone.error, 1e-12)
    assert.equal(changes[0].freedom, 4)
    // A quiet one is still held to be noisier than it looks.
    assert.ok(changes[1].error > (logChanges([quiet])[0]?.error ?? 0))
  })

  test('is the same whichever way the ratio is read', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(repeats, repeats), { minLength: 1, maxLength: 6 }), points => {
        const there = logChanges(points.map(([a, b]) => sides(a, b)))
        const back = logChanges(points.map(([a, b]) => sides(b, a)))
        there.forEach((change, i) => {
          const other = back[i]
          assert.ok(change && other)
          near(change.difference + other.difference, 0, 1e-12)
          near(oneSided(change).up, oneSided(other).down, 1e-9)
        })
      }),
    )
  })

  test('has an interval that holds no change exactly when p is above 0.05', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(repeats, repeats), { minLength: 1, maxLength: 6 }), points => {
        for (const change of logChanges(points.map(([a, b]) => sides(a, b)))) {
          assert.ok(change)
          const p = twoSided(oneSided(change))
          if (Math.abs(p - 0.05) < 1e-6) continue
          const [low, high] = relativeInterval(change)
          assert.equal(low <= 0 && 0 <= high, p > 0.05)
        }
      }),
    )
  })

  test('of repeats that share seeds is free of what the seeds do', () => {
    // Seeds differ by 20%, the change is 3% at each.
    const shared = logChanges([sides([100, 120, 144, 118], [103, 123.5, 148.5, 121.4], true)])[0]
    const apart = logChanges([sides([100, 120, 144, 118], [103, 123.5, 148.5, 121.4])])[0]
    assert.ok(shared && apart)
    assert.ok(twoSided(oneSided(shared)) < 0.001)
    assert.ok(twoSided(oneSided(apart)) > 0.5)
  })

  test('is not paired where a side has a repeat more, or all repeats have one seed', () => {
    const more = {
      base: [1, 2, 3].map(seed => ({ seed, value: 10 + seed })),
      head: [1, 2].map(seed => ({ seed, value: 11 })),
    }
    const one = {
      base: [9, 11, 10].map(v => ({ seed: 1, value: v })),
      head: [9, 11, 12].map(v => ({ seed: 1, value: v })),
    }
    assert.equal(logChanges([more])[0]?.freedom, 3)
    assert.equal(logChanges([one])[0]?.freedom, 4)
  })

  test('of a point that was measured once takes the noise of the others, and none where there is none', () => {
    const repeated = Array.from({ length: 6 }, (_, i) => sides([100 + i, 102 + i, 98 + i], [101 + i, 99 + i, 100 + i]))
    const small = logChanges([...repeated, sides([50], [50.5])]).at(-1)
    const large = logChanges([...repeated, sides([50], [60])]).at(-1)
    assert.ok(small && large)
    assert.ok(twoSided(oneSided(small)) > 0.05)
    assert.ok(twoSided(oneSided(large)) < 0.001)
    assert.deepEqual(logChanges([sides([50], [60])]), [null])
  })

  test('of repeats without any noise is certain, equality is none, and rounding is no change', () => {
    const of = (side: Sides) => {
      const [change] = logChanges([side])
      return change === null || change === undefined ? Number.NaN : twoSided(oneSided(change))
    }
    assert.equal(of(sides([5, 5], [5, 5])), 1)
    assert.ok(of(sides([5, 5, 5], [6, 6, 6])) < 1e-8)
    assert.ok(of(sides([0.3, 0.3, 0.3], [0.1 * 3, 0.1 * 3, 0.1 * 3])) > 0.5)
  })
})

describe('noise between runs', () => {
  const random = createRandom('between')
  const logs = (runs: number, points: number, shift: number, own: number) =>
    Array.from({ length: runs }, () => {
      const level = shift * random.normal()
      return Array.from({ length: points }, (_, i) => i + level + own * random.normal())
    })

  test('is split into what a run has in common and what each point does', () => {
    const found = betweenRuns(logs(400, 24, 0.05, 0.02))
    assert.ok(found)
    near(Math.sqrt(found.shift.variance), 0.05, 0.006)
    assert.equal(found.shift.freedom, 399)
    for (const point of found.points) near(Math.sqrt(point?.variance ?? 0), 0.02, 0.001)
  })

  test('is not told from fewer runs than it takes, whichever points they lack', () => {
    assert.equal(betweenRuns(logs(fewestRuns - 1, 24, 0.05, 0.02)), null)
    assert.notEqual(betweenRuns(logs(fewestRuns, 24, 0.05, 0.02)), null)
    const empty = logs(fewestRuns, 4, 0.05, 0.02).map((run, i) => (i === 0 ? run.map(() => null) : run))
    assert.equal(betweenRuns(empty), null)
    assert.equal(betweenRuns([]), null)
  })

  test('a point that most runs lack has none of its own', () => {
    const found = betweenRuns(logs(6, 3, 0.05, 0.02).map((run, i) => (i === 0 ? run : [null, ...run.slice(1)])))
    assert.equal(found?.points[0], null)
    assert.notEqual(found?.points[1], null)
  })

  test('is around each level where runs changed for good, not between them', () => {
    const changed = logs(16, 24, 0.01, 0.01).map((run, i) => run.map(log => log + (i < 8 ? 0 : 0.2)))
    const found = betweenRuns(changed)
    assert.ok(Math.sqrt(found?.shift.variance ?? 1) < 0.02)
    assert.equal(found?.shift.freedom, 14)
    const onePoint = logs(16, 24, 0.01, 0.01).map((run, i) => run.map((log, at) => log + (i < 8 || at > 0 ? 0 : 0.2)))
    assert.ok(Math.sqrt(betweenRuns(onePoint)?.points[0]?.variance ?? 1) < 0.02)
  })

  test('a shift of the whole run that is usual shows no point, a point that leaves the others behind is shown', () => {
    const between = betweenRuns(logs(10, 24, 0.05, 0.01))
    assert.ok(between)
    const moved = Array.from({ length: 24 }, (_, i) => 0.06 + (i === 3 ? 0.2 : 0))
    const within = moved.map(difference => ({ difference, error: 0.01, freedom: 90 }))
    const held = heldAgainstRuns(moved, within, between)
    held.forEach(({ p, apart }, i) => {
      assert.equal(p.up < 1e-6, i === 3)
      if (i === 3) assert.ok(apart)
      else assert.ok(p.up > 0.05)
    })
  })

  test('points that stay where they were are not called faster because all others became slower', () => {
    const between = betweenRuns(logs(10, 24, 0.05, 0.01))
    assert.ok(between)
    const moved = Array.from({ length: 24 }, (_, i) => (i < 16 ? 0.2 : 0))
    const within = moved.map(difference => ({ difference, error: 0.01, freedom: 90 }))
    for (const { p } of heldAgainstRuns(moved, within, between).slice(16)) assert.ok(p.down >= 0.5)
  })
})

/** Share of seeded comparisons of made runs for which something holds. */
function share(
  name: string,
  trials: number,
  {
    noise,
    effect,
    gates = [],
    known = 1,
  }: { noise: MadeNoise; effect?: Effect; gates?: readonly string[]; known?: number },
  holds: (comparison: ReturnType<typeof compareRuns>) => boolean,
): number {
  let count = 0
  for (let trial = 0; trial < trials; trial++) {
    const random = createRandom(`${name} ${trial}`)
    const [base, ...others] = Array.from({ length: known }, () => madeRun(random, noise))
    assert.ok(base)
    if (
      holds(
        compareRuns(
          base,
          madeRun(random, noise, effect),
          gates.map(gate => parseThreshold(gate)),
          others,
        ),
      )
    )
      count++
  }
  return count / trials
}

const says = (comparison: ReturnType<typeof compareRuns>) =>
  comparison.points.some(({ changes }) => changes.some(({ verdict }) => verdict === 'slower' || verdict === 'faster'))
const breaks = (comparison: ReturnType<typeof compareRuns>) =>
  comparison.gates.some(({ outcome }) => outcome === 'failed')

// Figures over many more trials: npm run bench -- compare-power.
describe('a comparison of 24 points with three repeats', () => {
  const gates = ['ttft_p95>5%']

  test('finds +20% TTFT at one point in four of five, where TTFT varies by 5%', () => {
    const effect: Effect = (point, name) => (name.startsWith('ttft') && point < 1 ? 1.2 : 1)
    assert.ok(share('power 1', 60, { noise: { repeats: 3 }, effect, gates }, breaks) >= 0.8)
  })

  test('finds +10% TTFT at four points in more than half', () => {
    const effect: Effect = (point, name) => (name.startsWith('ttft') && point < 4 ? 1.1 : 1)
    assert.ok(share('power 4', 60, { noise: { repeats: 3 }, effect, gates }, breaks) >= 0.55)
  })

  test('finds it in more than half where seeds are shared and move a point by twice its noise', () => {
    const effect: Effect = (point, name) => (name.startsWith('ttft') && point < 4 ? 1.1 : 1)
    const noise = { repeats: 3, seeds: 2 }
    assert.ok(share('power of pairs', 100, { noise, effect, gates }, breaks) >= 0.55)
  })

  test('finds no less with gates on figures that could hardly break them', () => {
    const effect: Effect = (point, name) => (name.startsWith('ttft') && point < 4 ? 1.1 : 1)
    const more = [...gates, 'itl_p95>5%', 'ttft_p95>8%', 'output_tokens_per_s_per_gpu<-3%']
    const noise = { repeats: 3 }
    for (let trial = 0; trial < 20; trial++) {
      const random = createRandom(`more gates ${trial}`)
      const [base, head] = [madeRun(random, noise), madeRun(random, noise, effect)]
      const broken = (of: readonly string[]) =>
        compareRuns(
          base,
          head,
          of.map(gate => parseThreshold(gate)),
        ).gates[0]?.outcome
      assert.equal(broken(more), broken(gates))
    }
  })

  test('seldom says anything of runs that differ by noise alone, with gates and without', () => {
    for (const each of [[], gates, [...gates, 'itl_p95>5%', 'output_tokens_per_s_per_gpu<-3%']]) {
      // Three standard errors above 5%.
      const wrong = share('nothing', 60, { noise: { repeats: 3 }, gates: each }, says)
      assert.ok(wrong <= 0.05 + 3 * Math.sqrt((0.05 * 0.95) / 60), `${wrong}`)
    }
  })

  for (const repeats of [3, 5])
    test(`knows how runs differ once five are known: ${repeats} repeats, a run's level as noisy as a repeat`, () => {
      const noise = { repeats, runShift: 1 }
      assert.ok(share('shift', 40, { noise, known: 5 }, says) <= 0.05 + 3 * Math.sqrt((0.05 * 0.95) / 40))
      // And without them it says on what it rests: many of these would be called changes.
      const [base, head] = [madeRun(createRandom('a'), noise), madeRun(createRandom('b'), noise)]
      assert.equal(compareRuns(base, head).betweenRunsKnown, false)
    })

  test('leaves out runs that were made under other conditions', () => {
    const [base, ...others] = Array.from({ length: 6 }, (_, i) => madeRun(createRandom(i), { repeats: 3 }))
    assert.ok(base)
    const head = madeRun(createRandom('head'), { repeats: 3 })
    const elsewhere = others.map(run => ({
      ...run,
      manifest: { ...run.manifest, host: { ...run.manifest.host, name: 'elsewhere' } },
    }))
    assert.equal(compareRuns(base, head, [], others).noiseRuns, 6)
    assert.equal(compareRuns(base, head, [], others).betweenRunsKnown, true)
    assert.equal(compareRuns(base, head, [], elsewhere).noiseRuns, 1)
    assert.equal(compareRuns(base, head, [], elsewhere).betweenRunsKnown, false)
  })

  test('of single measurements can be told once runs are known', () => {
    const known = Array.from({ length: 8 }, (_, i) => madeRun(createRandom(`single ${i}`), { repeats: 1 }))
    const [base, ...others] = known
    assert.ok(base)
    const head = madeRun(createRandom('single head'), { repeats: 1 }, point => (point === 2 ? 1.5 : 1))
    assert.equal(compareRuns(base, head).tests, 0)
    const comparison = compareRuns(base, head, [], others)
    comparison.points.forEach(({ changes }, i) => {
      const ttft = changes.find(({ figure }) => figure.name === 'ttft_p95_ms')
      assert.equal(ttft?.verdict, i === 2 ? 'slower' : 'no difference shown')
    })
  })
})
