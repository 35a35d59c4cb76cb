import { mean, sampleVariance } from 'simple-statistics'
import type { VarianceEstimate } from '../../metrics/statistics/moderated-variance.ts'
import { moderatedVariances } from '../../metrics/statistics/moderated-variance.ts'
import { studentCritical, studentUpperP } from '../../metrics/statistics/student.ts'

/** The values of one figure at one point of a run, by the seed of the repeat that each is of. */
export type SeededValues = readonly { readonly seed: number; readonly value: number }[]

/** A figure at one point in both runs. */
export interface Sides {
  readonly base: SeededValues
  readonly head: SeededValues
}

/** A change on the logarithmic scale, with what it could be by noise alone. */
export interface LogChange {
  /** ln head − ln base. */
  readonly difference: number
  /** Standard error of it, with its degrees of freedom. */
  readonly error: number
  readonly freedom: number
}

/** A change by the noise between repeats. */
export interface RepeatedChange extends LogChange {
  /** Variance of the difference of one repeat a side. */
  readonly single: VarianceEstimate
  /** Whether repeats were compared in pairs. */
  readonly paired: boolean
}

/** Relative changes below it are rounding, whatever the repeats say. */
const rounding = 1e-9

/**
 * What one figure did at each point, and how sure that is: differences of means on a logarithmic scale, where latencies
 * and rates have even noise and a ratio is a difference. Few repeats say little of a point's noise, so it is moderated
 * over the points of the figure ({@link moderatedVariances}); a point that was measured once takes what the others
 * showed. Repeats that press the same prompts at the same times in both runs are compared in pairs: what their seed
 * does to them cancels.
 *
 * @param sides positive values, at least one a side
 * @returns in the order given; null where nothing tells noise from change
 */
export function logChanges(sides: readonly Sides[]): readonly (RepeatedChange | null)[] {
  const paired = moderatedVariances(sides.map(side => pairedVariance(side) ?? unknown))
  const apart = moderatedVariances(sides.map(unpairedVariance))
  return sides.map((side, i) => {
    const { base, head } = side
    const difference = logMean(head) - logMean(base)
    const ofPairs = arePaired(side)
    const noise = (ofPairs ? paired : apart)?.[i]
    if (noise === undefined) return null
    // Both variances are of the difference of two single values.
    const share = ofPairs ? 1 / base.length : (1 / base.length + 1 / head.length) / 2
    const error = Math.max(rounding, Math.sqrt(noise.variance * share))
    return { difference, error, freedom: noise.freedom, single: noise, paired: ofPairs }
  })
}

const unknown: VarianceEstimate = { variance: 0, freedom: 0 }
const logsOf = (values: SeededValues) => values.map(({ value }) => Math.log(value))
const logMean = (values: SeededValues) => mean(logsOf(values))

/**
 * Both sides have the same seeds, each once: repeats of one seed, or a side with a repeat more, are compared as they
 * are.
 */
function arePaired({ base, head }: Sides): boolean {
  const seeds = new Set(base.map(({ seed }) => seed))
  return (
    seeds.size === base.length &&
    head.length === base.length &&
    new Set(head.map(({ seed }) => seed)).size === head.length &&
    head.every(({ seed }) => seeds.has(seed))
  )
}

/** Of the difference between two repeats of one seed; null where the sides have no pairs. */
function pairedVariance(side: Sides): VarianceEstimate | null {
  if (!arePaired(side)) return null
  const heads = new Map(side.head.map(({ seed, value }) => [seed, value]))
  const differences = side.base.map(({ seed, value }) => Math.log(heads.get(seed) ?? value) - Math.log(value))
  return differences.length < 2 ? unknown : { variance: sampleVariance(differences), freedom: differences.length - 1 }
}

/** Of the difference between two values of either side: twice the variance of one, taken as equal in both runs. */
function unpairedVariance({ base, head }: Sides): VarianceEstimate {
  const freedom = base.length + head.length - 2
  if (freedom === 0) return unknown
  const squares = [base, head].reduce((sum, side) => sum + squaresOf(logsOf(side)), 0)
  return { variance: (2 * squares) / freedom, freedom }
}

const squaresOf = (values: readonly number[]) =>
  values.length < 2 ? 0 : sampleVariance([...values]) * (values.length - 1)

/** Probabilities, by noise alone, of a figure rising at least as much, and of falling so. */
export interface OneSided {
  readonly up: number
  readonly down: number
}

/** Student's t in both directions. */
export function oneSided({ difference, error, freedom }: LogChange): OneSided {
  return { up: studentUpperP(difference / error, freedom), down: studentUpperP(-difference / error, freedom) }
}

export const twoSided = ({ up, down }: OneSided): number => Math.min(1, 2 * Math.min(up, down))

/** The 95 % interval of the relative change. */
export function relativeInterval({ difference, error, freedom }: LogChange): readonly [low: number, high: number] {
  const half = studentCritical(0.95, freedom) * error
  return [Math.expm1(difference - half), Math.expm1(difference + half)]
}
