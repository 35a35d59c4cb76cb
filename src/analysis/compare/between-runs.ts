import { mean, median, sampleVariance } from 'simple-statistics'
import type { VarianceEstimate } from '../../metrics/statistics/moderated-variance.ts'
import { moderatedVariances } from '../../metrics/statistics/moderated-variance.ts'
import { largest } from '../../model/index.ts'
import type { LevelChange } from '../history/level-changes.ts'
import { levelChanges } from '../history/level-changes.ts'
import type { LogChange, OneSided } from './change-test.ts'
import { oneSided, twoSided } from './change-test.ts'

/** How one figure differs between runs of the same sweep that nothing was changed for. */
export interface BetweenRuns {
  /** What all points of a run have in common: the variance of a run's level, on the logarithmic scale. */
  readonly shift: { readonly variance: number; readonly freedom: number }
  /** What is left at each point, moderated over points; null where a point is in one of the runs only. */
  readonly points: readonly ({ readonly variance: number; readonly freedom: number } | null)[]
}

/** Fewer runs than these, the base among them, say too little of how runs differ. */
export const fewestRuns = 4

/** A level that left the one before for good is another build, not noise: noise is around each. */
function aroundLevels(values: readonly number[], changes: readonly LevelChange[]): VarianceEstimate {
  const starts = [0, ...changes.map(({ at }) => at)]
  const parts = starts.map((from, i) => values.slice(from, starts[i + 1] ?? values.length))
  const freedom = values.length - parts.length
  if (freedom < 1) return { variance: 0, freedom: 0 }
  const squares = parts.reduce((sum, part) => sum + (part.length < 2 ? 0 : sampleVariance(part) * (part.length - 1)), 0)
  return { variance: squares / freedom, freedom }
}

/**
 * Splits what earlier runs show into a level that a run has in common and what each point does beside it. Levels are
 * medians over points: a point that did change in some build moves no level. What changed for good between them, as
 * history tells it, is taken out.
 *
 * @param logs for each run, oldest first, each point's mean on the logarithmic scale; null where the run doesn't have
 *   it
 * @returns null for fewer than {@link fewestRuns} runs that have a point
 */
export function betweenRuns(logs: readonly (readonly (number | null)[])[]): BetweenRuns | null {
  const count = logs[0]?.length ?? 0
  const means = Array.from({ length: count }, (_, i) => meanOf(logs.flatMap(run => run[i] ?? [])))
  const residuals = logs.map(run => run.map((value, i) => (value === null ? null : value - (means[i] ?? value))))
  const levelled = residuals.flatMap(run => {
    const known = run.filter(value => value !== null)
    return known.length === 0 ? [] : [{ run, level: median(known) }]
  })
  if (levelled.length < fewestRuns) return null
  const levels = levelled.map(({ level }) => level)
  const rests = Array.from({ length: count }, (_, i) =>
    levelled.flatMap(({ run, level }, at) => {
      const value = run[i]
      return value === null || value === undefined ? [] : [{ run: at, log: value - level }]
    }),
  )
  const [ofLevel = [], ...ofPoints] = levelChanges(
    [
      { family: 'level', values: levels.map((log, run) => ({ run, log })) },
      ...rests.map(values => ({ family: 'point', values })),
    ],
    levels.length,
  )
  // Each level is made of the points themselves, which takes a share of their freedom.
  const left = Math.max(1, count - 1) / count
  const perPoint = rests.map((values, i) => {
    const own = aroundLevels(
      values.map(({ log }) => log),
      ofPoints[i] ?? [],
    )
    return count < 2 ? { variance: 0, freedom: 0 } : { variance: own.variance / left, freedom: own.freedom * left }
  })
  const moderated = moderatedVariances(perPoint)
  return {
    shift: aroundLevels(levels, ofLevel),
    points: perPoint.map((own, i) => (own.freedom === 0 ? null : (moderated?.[i] ?? null))),
  }
}

const meanOf = (values: readonly number[]) => (values.length === 0 ? 0 : mean([...values]))

/** A change held against both kinds of noise. */
export interface HeldChange {
  /** The change with the standard error of noise within a run, or at a point between runs, whichever shows it less. */
  readonly atPoint: LogChange
  /** The change with the noise of a run's level added. */
  readonly whole: LogChange
  /** How far the run's level moved, as all points show it. */
  readonly level: number
  /** The point left the others behind; the run's level moved no further than levels do. */
  readonly apart: boolean
  /** Variance of the point's own difference between two runs; null where it is not known. */
  readonly session: VarianceEstimate | null
  readonly p: OneSided
}

/**
 * Holds each point's change against how runs differ. It must be more than the noise at the point, and more than a shift
 * of the whole run: either the level of the run moved further than levels do, or the point left the others behind.
 * Neither test alone would do: repeats of one run don't show how runs differ, and a level rests on as many runs as are
 * known however many points there are. The level's part is one test for all points, as adjusting for false discovery
 * over them takes it (equal p-values count once).
 *
 * @param changes by noise within the runs; null where that is not known, and then noise between runs alone decides
 * @param differences ln head − ln base of every point
 */
export function heldAgainstRuns(
  differences: readonly number[],
  changes: readonly (LogChange | null)[],
  between: BetweenRuns,
): readonly HeldChange[] {
  const level = differences.length === 0 ? 0 : median([...differences])
  const shift = Math.sqrt(2 * between.shift.variance)
  const run = oneSided({ difference: level, error: Math.max(shift, tiny), freedom: between.shift.freedom })
  return differences.map((difference, i) => {
    const noises = [noiseOf(changes[i]), sessionNoise(between.points[i])].flatMap(noise => noise ?? [])
    const errors = noises.length === 0 ? [{ error: shift, freedom: between.shift.freedom }] : noises
    const least = (value: number): OneSided => {
      const tests = errors.map(noise => oneSided({ difference: value, ...noise }))
      return { up: largest(tests.map(p => p.up)), down: largest(tests.map(p => p.down)) }
    }
    const own = least(difference)
    const apart = least(difference - level)
    const p = {
      up: Math.max(own.up, Math.min(1, 2 * Math.min(run.up, apart.up))),
      down: Math.max(own.down, Math.min(1, 2 * Math.min(run.down, apart.down))),
    }
    const widest = errors.reduce((a, b) => (b.error > a.error ? b : a))
    const whole = withShift(difference, widest, between.shift)
    const noise = between.points[i] ?? null
    const session = noise === null ? null : { variance: 2 * noise.variance, freedom: noise.freedom }
    return { atPoint: { difference, ...widest }, whole, level, apart: twoSided(apart) < twoSided(run), session, p }
  })
}

/** Below it, runs are equal but for rounding. */
const tiny = 1e-9

const noiseOf = (change: LogChange | null | undefined) =>
  change === null || change === undefined ? null : { error: change.error, freedom: change.freedom }

const sessionNoise = (noise: BetweenRuns['points'][number] | undefined) =>
  noise === null || noise === undefined
    ? null
    : { error: Math.max(tiny, Math.sqrt(2 * noise.variance)), freedom: noise.freedom }

/** The standard error of both together, with Satterthwaite's degrees of freedom (1946). */
function withShift(difference: number, own: Omit<LogChange, 'difference'>, shift: BetweenRuns['shift']): LogChange {
  const parts = [
    { variance: own.error ** 2, freedom: own.freedom },
    { variance: 2 * shift.variance, freedom: shift.freedom },
  ]
  const variance = parts.reduce((sum, part) => sum + part.variance, 0)
  const spread = parts.reduce((sum, part) => sum + part.variance ** 2 / part.freedom, 0)
  return { difference, error: Math.sqrt(variance), freedom: spread === 0 ? 1 : variance ** 2 / spread }
}
