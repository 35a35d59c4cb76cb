import { normalProbability } from '../statistics/normal.ts'

/** Share of the error that may be spent when the given share of all information (0–1) is available. */
export type Spending = (information: number) => number

/**
 * Lan and DeMets' spending function for a boundary like Pocock's: about the same error at each look, so that stops come
 * early.
 */
export const pocockSpending: Spending = information => Math.log(1 + (Math.E - 1) * information)

/** Points of the grid for integrating densities; odd for Simpson's rule. */
const gridPoints = 161

/**
 * Two-sided error that each look may make on its own, so that all looks together make at most `alpha`: alpha spending
 * (Lan and DeMets 1983, "Discrete sequential boundaries for clinical trials", Biometrika 70) with the recursive
 * integration of Armitage, McPherson and Rowe (1969). Estimates of a growing sample are correlated like a Brownian
 * motion in information time. The results are levels rather than critical values, so they also apply to Student's t and
 * to order statistics (Pocock 1977; Jennison and Turnbull 2000, 3.8). Intervals at these levels hold at all looks
 * simultaneously (repeated confidence intervals, Jennison and Turnbull 1989, JRSS B 51).
 *
 * @param information ascending shares of all information at the looks, the last one 1
 */
export function errorPerLook(
  information: readonly number[],
  alpha: number,
  spending = pocockSpending,
): readonly number[] {
  const errors: number[] = []
  let spent = 0
  let before = 0
  let inside: Grid | null = null
  for (const share of information) {
    const spend = alpha * spending(share) - spent
    spent += spend
    const sd = Math.sqrt(share - before)
    const bound = boundFor(spend, b => exitProbability(inside, b, sd), Math.sqrt(share))
    errors.push(2 * (1 - normalProbability(bound / Math.sqrt(share))))
    inside = step(inside, bound, sd)
    before = share
  }
  return errors
}

/** Density of the sum of information-weighted scores on the region where no look has ended the measurement. */
interface Grid {
  readonly at: Float64Array
  /** Density times the weight of Simpson's rule. */
  readonly mass: Float64Array
}

function exitProbability(inside: Grid | null, bound: number, sd: number): number {
  const outside = (from: number) => normalProbability((-bound - from) / sd) + normalProbability((from - bound) / sd)
  if (inside === null) return outside(0)
  return inside.mass.reduce((sum, mass, index) => sum + mass * outside(inside.at[index] ?? 0), 0)
}

function step(inside: Grid | null, bound: number, sd: number): Grid {
  const width = (2 * bound) / (gridPoints - 1)
  const density = (distance: number) => Math.exp(-((distance / sd) ** 2) / 2) / (sd * Math.sqrt(2 * Math.PI))
  const at = Float64Array.from({ length: gridPoints }, (_, index) => -bound + index * width)
  const mass = at.map((to, index) => {
    const weight = ((index === 0 || index === gridPoints - 1 ? 1 : index % 2 === 1 ? 4 : 2) * width) / 3
    if (inside === null) return weight * density(to)
    return weight * inside.mass.reduce((sum, each, from) => sum + each * density(to - (inside.at[from] ?? 0)), 0)
  })
  return { at, mass }
}

/** The bound that is crossed with this probability, found by bisection. */
function boundFor(spend: number, crossed: (bound: number) => number, scale: number): number {
  let [low, high] = [0, 8 * scale]
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    if (crossed(middle) > spend) low = middle
    else high = middle
  }
  return (low + high) / 2
}
