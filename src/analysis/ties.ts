import type { Difference, Estimate } from './estimate.ts'
import { differenceOf } from './estimate.ts'

/**
 * Maximum relative difference at which two throughputs count as tied. `shown`: repeats show the difference, so nearly
 * any counts. `unknown`: with single measurements, a repetition would typically differ by one percent. `not-shown`: the
 * difference is within the noise of the repeats. But few repeats have wide intervals, so differences above 5% still
 * count.
 */
const apart: Readonly<Record<Difference['verdict'], number>> = { shown: 0.001, unknown: 0.01, 'not-shown': 0.05 }

/** Whether two estimates are equal as far as the measurements show. */
export function isTie(a: Estimate, b: Estimate): boolean {
  const { relative, verdict } = differenceOf(a, b)
  return Math.abs(relative) <= apart[verdict]
}

/**
 * The item with the most throughput; of those tied with it, the one with the fewest GPUs. A deployment of half the size
 * with the same throughput per GPU can be deployed twice, loses only half when it fails, and fits where the larger one
 * does not.
 *
 * @returns undefined for an empty list
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
  // A stable sort: of equal size, the one with more throughput stays first.
  return [top, ...tied].toSorted((a, b) => of(a).gpus - of(b).gpus)[0]
}

/** Compares numbers in ascending order. Subtraction would give NaN for two infinities. */
export function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}
