import type { VarianceEstimate } from '../../metrics/statistics/moderated-variance.ts'
import { studentCritical } from '../../metrics/statistics/student.ts'
import { smallest } from '../../model/index.ts'
import type { Threshold } from './threshold.ts'

/** A change of a size that matters may be there, and noise hides it. */
export interface Undecided {
  /** The change that can't be told from none: 0.05 is 5% in either direction, or in the gate's. */
  readonly size: number
  /**
   * Repeats in each run that would show a change of that size with a chance of 80%; null where none would, or the
   * noise is unknown.
   */
  readonly repeats: number | null
  /** Why no number of repeats is given; empty where one is. */
  readonly why: '' | 'noise is unknown' | 'runs differ by more' | 'more than 100 repeats'
}

/** What hides a change at a point, on the logarithmic scale; variances are of head − base. */
export interface HidingNoise {
  /** Of one repeat a side; null where no repeat tells it. */
  readonly single: VarianceEstimate | null
  /** Degrees of freedom that another repeat a side adds: 1 where repeats are compared in pairs, else 2. */
  readonly growth: 1 | 2
  /** Repeats a side so far. */
  readonly repeats: number
  /** What the point does beside the others between runs, which no repeat makes smaller; null where not known. */
  readonly session: VarianceEstimate | null
}

/** A change that matters where no gate says which. */
export const usualSize = 0.05
/**
 * Chance of showing a change that is there; the usual one (Cohen 1988, "Statistical Power Analysis for the Behavioral
 * Sciences").
 */
const power = 0.8
const mostRepeats = 100

/**
 * Whether a change that matters may be hidden by noise, and how many repeats would show it.
 *
 * @param ci95 of the relative change; null without an estimate of noise
 * @param gates on a change of this figure; a change of 5% either way matters without any
 * @param tail one-sided probability at or below which a change is shown, as adjusted for all tests when nothing else
 *   changed
 */
export function undecidedOf(
  ci95: readonly [low: number, high: number] | null,
  noise: HidingNoise | null,
  gates: readonly Threshold[],
  tail: number,
): Undecided | null {
  const sizes = gates.length === 0 ? [-usualSize, usualSize] : gates.map(({ change }) => change)
  const hidden = sizes.filter(size => size !== 0 && (ci95 === null || (size > 0 ? ci95[1] > size : ci95[0] < size)))
  const [size] = hidden.toSorted((a, b) => Math.abs(a) - Math.abs(b))
  if (size === undefined) return null
  if (ci95 === null || noise === null || noise.single === null)
    return { size: Math.abs(size), repeats: null, why: 'noise is unknown' }
  // A rise and a fall by the same share are not as far on the logarithmic scale: the nearer one decides.
  const distance = smallest(hidden.map(one => Math.abs(Math.log1p(Math.max(-0.999, one)))))
  return { size: Math.abs(size), ...repeatsFor({ ...noise, single: noise.single }, distance, tail) }
}

/**
 * Repeats a side that show a change of `distance` (logarithmic): the sample size of a comparison of two means,
 * (t_tail + t_power)² × variance / distance² with Student's t at the degrees of freedom that so many repeats have, by
 * search (Snedecor and Cochran 1989, "Statistical Methods"; Chow, Shao, Wang and Lokhnygina 2018, "Sample Size
 * Calculations in Clinical Research", chapter 3). The change is of this point alone: a change of all points together
 * is shown by fewer repeats, or hidden by how runs differ.
 */
function repeatsFor(
  noise: HidingNoise & { readonly single: VarianceEstimate },
  distance: number,
  tail: number,
): Pick<Undecided, 'repeats' | 'why'> {
  const { single, session, growth, repeats: now } = noise
  const isShownBy = (variance: number, freedom: number) =>
    (criticalT(tail, freedom) + criticalT(1 - power, freedom)) * Math.sqrt(variance) <= distance
  if (session !== null && !isShownBy(session.variance, session.freedom))
    return { repeats: null, why: 'runs differ by more' }
  const isShown = (n: number) => isShownBy(single.variance / n, Math.max(1, single.freedom + growth * (n - now)))
  if (!isShown(mostRepeats)) return { repeats: null, why: 'more than 100 repeats' }
  // Undecided in spite of as many: the change is near the size, or the point was unlucky. One more at least.
  let [low, high] = [Math.max(1, now), mostRepeats]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (isShown(middle)) high = middle
    else low = middle
  }
  return { repeats: Math.max(2, high), why: '' }
}

/** Points of a figure share their degrees of freedom, and a search asks for the same ones again and again. */
const known = new Map<string, number>()

function criticalT(tail: number, freedom: number): number {
  const rounded = Number(freedom.toPrecision(3))
  const key = `${tail} ${rounded}`
  const found = known.get(key) ?? studentCritical(1 - 2 * tail, rounded)
  if (known.size > 10_000) known.clear()
  known.set(key, found)
  return found
}
