import type { Difference, Estimate } from './estimate.ts'
import { differenceOf } from './estimate.ts'

/**
 * How much two throughputs may be apart, relative, and count as one. `shown`: repeats tell them apart, all but nothing
 * is a difference. `unknown`: measured once each, a percent is what another run of the same would show at least.
 * `not-shown`: within the noise of the repeats; but few repeats have wide intervals, and what may be a twentieth is not
 * given away.
 */
const apart: Readonly<Record<Difference['verdict'], number>> = { shown: 0.001, unknown: 0.01, 'not-shown': 0.05 }

/** Whether two estimates are equal as far as was measured. */
export function isTie(a: Estimate, b: Estimate): boolean {
  const { relative, verdict } = differenceOf(a, b)
  return Math.abs(relative) <= apart[verdict]
}

/**
 * The best of several: the most throughput, and of those that tie with it the fewest GPUs. A deployment of half the
 * size that gives as much per GPU can be had twice, fails by halves, and fits where the other doesn't.
 *
 * @returns undefined of none
 */
export function bestByThroughput<T>(
  all: readonly T[],
  of: (one: T) => { readonly throughput: Estimate | null; readonly gpus: number },
): T | undefined {
  const value = (one: T) => of(one).throughput?.mean ?? Number.NEGATIVE_INFINITY
  const [top, ...rest] = all.toSorted((a, b) => compare(value(b), value(a)))
  if (top === undefined) return undefined
  const most = of(top).throughput
  const tied = rest.filter(one => {
    const { throughput } = of(one)
    return most !== null && throughput !== null && isTie(most, throughput)
  })
  // Stable: of equal size the one with more throughput stays first.
  return [top, ...tied].toSorted((a, b) => of(a).gpus - of(b).gpus)[0]
}

/** Numbers in ascending order, infinite ones too: their difference is no number. */
export function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}
