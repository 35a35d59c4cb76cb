import { mean, sampleVariance } from 'simple-statistics'
import type { VarianceEstimate } from '../../metrics/statistics/moderated-variance.ts'
import { moderatedVariances } from '../../metrics/statistics/moderated-variance.ts'
import { studentCritical, studentUpperP } from '../../metrics/statistics/student.ts'

/** Values of one figure at one point of a run, by the seed of their repeats. */
export type SeededValues = readonly { readonly seed: number; readonly value: number }[]

/** Values of a figure at one point in both runs. */
export interface Sides {
  readonly base: SeededValues
  readonly head: SeededValues
}

/** A change on the logarithmic scale, with its uncertainty. */
export interface LogChange {
  /** ln head − ln base. */
  readonly difference: number
  /** Standard error of the difference, with its degrees of freedom. */
  readonly error: number
  readonly freedom: number
}

/** A change tested against the noise between repeats. */
export interface RepeatedChange extends LogChange {
  /** Variance of the difference between one repeat per side. */
  readonly single: VarianceEstimate
  /** Whether repeats were compared in pairs. */
  readonly paired: boolean
}

/** Relative changes below this are rounding, whatever the repeats show. */
const rounding = 1e-9

/**
 * Change of one figure at each point, with its uncertainty. Compares means on a logarithmic scale, on which the noise
 * of latencies and rates is even and a ratio becomes a difference. Few repeats are a poor estimate of a point's noise,
 * so it is moderated over the points of the figure ({@link moderatedVariances}); points with a single measurement use
 * the noise of the others. Repeats that send the same prompts at the same times in both runs are compared in pairs, so
 * that effects of their seed cancel out.
 *
 * @param sides positive values, at least one per side
 * @returns changes in the given order; null without an estimate of noise
 */
export function logChanges(sides: readonly Sides[]): readonly (RepeatedChange | null)[] {
  const paired = moderatedVariances(
    sides.map(side => pairedVariance(side) ?? unknown),
    evenNoise,
  )
  const apart = moderatedVariances(sides.map(unpairedVariance), evenNoise)
  return sides.map((side, i) => {
    const { base, head } = side
    const difference = logMean(head) - logMean(base)
    const ofPairs = arePaired(side)
    const noise = (ofPairs ? paired : apart)?.[i]
    if (noise === undefined) return null
    // Both variances are of the difference between two single values.
    const share = ofPairs ? 1 / base.length : (1 / base.length + 1 / head.length) / 2
    const error = Math.max(rounding, Math.sqrt(noise.variance * share))
    return { difference, error, freedom: noise.freedom, single: noise, paired: ofPairs }
  })
}

/**
 * Degrees of freedom of a prior under which points differ in noise by about a fifth (the standard deviation of ln σ).
 * Below, they differ too much for one prior with one peak, which understates the noisier ones; a point then keeps its
 * own noise if it is larger. Chosen by simulation (docs/bench/statistics.md).
 */
const evenNoise = 12

const unknown: VarianceEstimate = { variance: 0, freedom: 0 }
const logsOf = (values: SeededValues) => values.map(({ value }) => Math.log(value))
const logMean = (values: SeededValues) => mean(logsOf(values))

/**
 * Repeats are paired if both sides have the same seeds, each once. Otherwise (several repeats per seed, or an extra
 * repeat) they are compared unpaired.
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

/** Variance of the difference between two repeats of one seed; null if the sides have no pairs. */
function pairedVariance(side: Sides): VarianceEstimate | null {
  if (!arePaired(side)) return null
  const heads = new Map(side.head.map(({ seed, value }) => [seed, value]))
  const differences = side.base.map(({ seed, value }) => Math.log(heads.get(seed) ?? value) - Math.log(value))
  return differences.length < 2 ? unknown : { variance: sampleVariance(differences), freedom: differences.length - 1 }
}

/**
 * Variance of the difference between one value of each side: twice the variance of one, which is assumed equal in both
 * runs.
 */
function unpairedVariance({ base, head }: Sides): VarianceEstimate {
  const freedom = base.length + head.length - 2
  if (freedom === 0) return unknown
  const squares = [base, head].reduce((sum, side) => sum + squaresOf(logsOf(side)), 0)
  return { variance: (2 * squares) / freedom, freedom }
}

const squaresOf = (values: readonly number[]) =>
  values.length < 2 ? 0 : sampleVariance([...values]) * (values.length - 1)

/** Probabilities that noise alone makes a figure rise or fall at least this much. */
export interface OneSided {
  readonly up: number
  readonly down: number
}

/** Student's t test in both directions. */
export function oneSided({ difference, error, freedom }: LogChange): OneSided {
  return { up: studentUpperP(difference / error, freedom), down: studentUpperP(-difference / error, freedom) }
}

/** Probability that noise alone moves a figure at least this much in either direction. */
export const twoSided = ({ up, down }: OneSided): number => Math.min(1, 2 * Math.min(up, down))

/** 95% interval of the relative change. */
export function relativeInterval({ difference, error, freedom }: LogChange): readonly [low: number, high: number] {
  const half = studentCritical(0.95, freedom) * error
  return [Math.expm1(difference - half), Math.expm1(difference + half)]
}
