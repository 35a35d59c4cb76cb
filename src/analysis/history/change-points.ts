import type { Random } from '../../point/index.ts'

/** A place in a series where its values change for good, or until the next one. */
export interface ChangePoint {
  /** Index of the first value after the change. */
  readonly at: number
  /** Permutation p-value: the share of orders of these values that split at least as sharply. */
  readonly p: number
}

/** Values that a side of a split needs: a single one is an outlier until another follows. */
const leastSide = 2
const permutations = 1999
/** A hopeless split is given up after so many orders as sharp as it (Besag and Clifford 1991). */
const enoughExceedances = 40

/**
 * Change points by E-divisive: the split with the largest energy distance between its sides, tested by permutation, then the same
 * within each side (Matteson and James, "A Nonparametric Approach for Multiple Change Point Analysis of Multivariate Data", JASA 2014;
 * used on benchmarks of continuous integration by Daly et al., ICPE 2020). It assumes nothing about the noise but that it doesn't depend on order.
 *
 * @param alpha largest p of a change point
 * @returns by place; empty for fewer than four values
 */
export function changePoints(values: readonly number[], random: Random, alpha: number): readonly ChangePoint[] {
  const found: ChangePoint[] = []
  const search = (from: number, to: number) => {
    const best = testedSplit(values.slice(from, to), random)
    if (best === null || best.p > alpha) return
    found.push({ at: from + best.at, p: best.p })
    search(from, from + best.at)
    search(from + best.at, to)
  }
  search(0, values.length)
  return found.sort((a, b) => a.at - b.at)
}

/** The sharpest split of a series and its p; null where there is none to make. */
export function testedSplit(values: readonly number[], random: Random): ChangePoint | null {
  const n = values.length
  if (n < 2 * leastSide) return null
  const order = Float64Array.from(values)
  const split = sharpest(order)
  if (split.sharpness === 0) return null
  let exceedances = 0
  for (let done = 1; done <= permutations; done++) {
    shuffle(order, random)
    if (sharpest(order).sharpness >= split.sharpness * (1 - 1e-12)) exceedances++
    if (exceedances === enoughExceedances) return { at: split.at, p: exceedances / done }
  }
  return { at: split.at, p: (exceedances + 1) / (permutations + 1) }
}

/**
 * The split that maximises mn/(m+n) × energy distance. Moving one value from the right side to the left changes the sums of
 * distances within and between by its own distances only, so all splits together cost n² distances.
 */
function sharpest(values: Float64Array): { readonly at: number; readonly sharpness: number } {
  const n = values.length
  let within = 0
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) within += Math.abs((values[i] ?? 0) - (values[j] ?? 0))
  let left = 0
  let right = within
  let best = { at: 0, sharpness: 0 }
  for (let at = 1; at <= n - leastSide; at++) {
    const moved = values[at - 1] ?? 0
    for (let i = 0; i < at - 1; i++) left += Math.abs(moved - (values[i] ?? 0))
    for (let i = at; i < n; i++) right -= Math.abs(moved - (values[i] ?? 0))
    if (at < leastSide) continue
    const m = n - at
    const between = within - left - right
    const distance = (2 * between) / (at * m) - mean(left, at) - mean(right, m)
    const sharpness = ((at * m) / n) * distance
    if (sharpness > best.sharpness) best = { at, sharpness }
  }
  return best
}

/** Mean distance of the pairs of a side. */
const mean = (sum: number, size: number) => (2 * sum) / (size * (size - 1))

/** Fisher and Yates. */
function shuffle(values: Float64Array, random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const kept = values[i] ?? 0
    values[i] = values[j] ?? 0
    values[j] = kept
  }
}
