/**
 * How often the search falls short on random systems that keep its assumptions.
 *
 *   node bench/search/synthetic.ts COUNT SEED
 */
import fc from 'fast-check'
import { hypervolume } from '../../src/analysis/hypervolume.ts'
import type { PointResult } from '../../src/journal/index.ts'
import { bestUnderSlo, measuredBoth, place, systems } from '../../test/search/systems.ts'

const [count = 1000, seed = 1] = process.argv.slice(2).map(Number)
const shareOf = (
  of: (results: readonly PointResult[]) => number,
  some: readonly PointResult[],
  all: readonly PointResult[],
) => (of(all) === 0 ? 1 : of(some) / of(all))
const area = (results: readonly PointResult[]) => hypervolume(results.map(place))

const outcomes = fc.sample(systems, { numRuns: count, seed }).map(system => {
  const { grid: all, found: some } = measuredBoth(system)
  return { area: shareOf(area, some, all), best: shareOf(bestUnderSlo, some, all), points: some.length / all.length }
})
const least = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b)).toFixed(3)
const below = (values: readonly number[], limit: number) => values.filter(value => value < limit).length
const [areas, bests] = [outcomes.map(o => o.area), outcomes.map(o => o.best)]
console.log(`hypervolume: least ${least(areas)}, below 0.99 in ${below(areas, 0.99)} of ${count}`)
console.log(`best under the SLO: least ${least(bests)}, below 0.97 in ${below(bests, 0.97)} of ${count}`)
console.log(`points: mean ${(outcomes.reduce((sum, o) => sum + o.points, 0) / count).toFixed(3)}`)
