import type { VarianceEstimate } from '../../metrics/statistics/moderated-variance.ts'
import { studentCritical } from '../../metrics/statistics/student.ts'
import { smallest } from '../../model/index.ts'
import type { Threshold } from './threshold.ts'

/** Noise may hide a change of a relevant size. */
export interface Undecided {
  /** Size of the change that noise may hide: 0.05 is 5% in either direction, or in the gate's. */
  readonly size: number
  /**
   * Repeats in each run that would show a change of that size with a probability of 80%; null if none would, or if the
   * noise is unknown.
   */
  readonly repeats: number | null
  /** Reason why no number of repeats is given; empty if one is. */
  readonly why: '' | 'noise is unknown' | 'runs differ by more' | 'more than 100 repeats'
}

/** Noise that hides a change at a point, on the logarithmic scale; variances are of head − base. */
export interface HidingNoise {
  /** Variance with one repeat per side; null if repeats do not show it. */
  readonly single: VarianceEstimate | null
  /** Degrees of freedom gained by another repeat per side: 1 for paired repeats, otherwise 2. */
  readonly growth: 1 | 2
  /** Repeats per side so far. */
  readonly repeats: number
  /** Variation of the point between runs, apart from the others; more repeats do not reduce it. Null if unknown. */
  readonly session: VarianceEstimate | null
}

/** Size of a relevant change if no gate defines it. */
const usualSize = 0.05
/**
 * Probability of showing an existing change; the usual value (Cohen 1988, "Statistical Power Analysis for the
 * Behavioral Sciences").
 */
const power = 0.8
const mostRepeats = 100

/**
 * Whether noise may hide a relevant change, and how many repeats would show it.
 *
 * @param ci95 of the relative change; null without an estimate of noise
 * @param gates on a change of this figure; without any, a change of 5% in either direction is relevant
 * @param tail one-sided probability at or below which a change is shown, adjusted for all tests if nothing else changed
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
  // A rise and a fall by the same share differ on the logarithmic scale; the nearer one decides.
  const distance = smallest(hidden.map(one => Math.abs(Math.log1p(Math.max(-0.999, one)))))
  return { size: Math.abs(size), ...repeatsFor({ ...noise, single: noise.single }, distance, tail) }
}

/**
 * Repeats per side that show a change of `distance` (logarithmic): the sample size for comparing two means, (t_tail +
 * t_power)² × variance / distance², with Student's t at the degrees of freedom of that many repeats, found by search
 * (Snedecor and Cochran 1989, "Statistical Methods"; Chow, Shao, Wang and Lokhnygina 2018, "Sample Size Calculations in
 * Clinical Research", chapter 3). Assumes a change at this point only. A change of all points together takes fewer
 * repeats, or is hidden by differences between runs.
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
  // Still undecided at that many repeats: the change is near the size, or chance was against it. Asks for at least one
  // more.
  let [low, high] = [Math.max(1, now), mostRepeats]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (isShown(middle)) high = middle
    else low = middle
  }
  return { repeats: Math.max(2, high), why: '' }
}

/** Cache: points of a figure share their degrees of freedom, so the search needs the same quantiles repeatedly. */
const known = new Map<string, number>()

function criticalT(tail: number, freedom: number): number {
  const rounded = Number(freedom.toPrecision(3))
  const key = `${tail} ${rounded}`
  const found = known.get(key) ?? studentCritical(1 - 2 * tail, rounded)
  if (known.size > 10_000) known.clear()
  known.set(key, found)
  return found
}
