import { mean, median, sampleVariance } from 'simple-statistics'
import type { VarianceEstimate } from '../../metrics/statistics/moderated-variance.ts'
import { moderatedVariances } from '../../metrics/statistics/moderated-variance.ts'
import { largest } from '../../model/index.ts'
import type { LevelChange } from '../history/level-changes.ts'
import { levelChanges } from '../history/level-changes.ts'
import type { LogChange, OneSided } from './change-test.ts'
import { oneSided, twoSided } from './change-test.ts'

/** Differences of one figure between runs of the same sweep without any intended change. */
export interface BetweenRuns {
  /** Variation shared by all points of a run: the variance of a run's level, on the logarithmic scale. */
  readonly shift: { readonly variance: number; readonly freedom: number }
  /** Remaining variation at each point, moderated over points; null if a point is in only one of the runs. */
  readonly points: readonly ({ readonly variance: number; readonly freedom: number } | null)[]
}

/** Minimum number of runs, including the base, to estimate how runs differ. */
export const fewestRuns = 4

/** A lasting change of level is another build, not noise. Noise is measured around each level. */
function aroundLevels(values: readonly number[], changes: readonly LevelChange[]): VarianceEstimate {
  const starts = [0, ...changes.map(({ at }) => at)]
  const parts = starts.map((from, i) => values.slice(from, starts[i + 1] ?? values.length))
  const freedom = values.length - parts.length
  if (freedom < 1) return { variance: 0, freedom: 0 }
  const squares = parts.reduce((sum, part) => sum + (part.length < 2 ? 0 : sampleVariance(part) * (part.length - 1)), 0)
  return { variance: squares / freedom, freedom }
}

/**
 * Splits the variation of earlier runs into a level shared by all points of a run and the remainder at each point. A
 * level is the median over points, so a point that did change in some build does not move it. Lasting changes found by
 * history are removed.
 *
 * @param logs for each run, oldest first, each point's mean on the logarithmic scale; null if the run lacks the point
 * @returns null if fewer than {@link fewestRuns} runs have a point
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
  // The points themselves determine each level, which uses up a share of their degrees of freedom.
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

/** A change tested against both kinds of noise. */
export interface HeldChange {
  /**
   * The change with the standard error of noise within a run, or of noise at a point between runs, whichever is weaker
   * evidence.
   */
  readonly atPoint: LogChange
  /** The change with the variance of a run's level added. */
  readonly whole: LogChange
  /** Shift of the run's level, estimated from all points. */
  readonly level: number
  /** True if the point moved apart from the others while the run's level moved no further than usual. */
  readonly apart: boolean
  /** Variance of the point's own difference between two runs; null if unknown. */
  readonly session: VarianceEstimate | null
  readonly p: OneSided
}

/**
 * Tests each point's change against the differences between runs. The change must exceed both the noise at the point
 * and a shift of the whole run: either the run's level moved further than usual, or the point moved apart from the
 * others. Neither test suffices alone, because repeats of one run do not show how runs differ, and the estimate of a
 * level depends on the number of known runs, however many points they have. The level is one test for all points, which
 * the adjustment for false discovery takes into account (equal p-values count once).
 *
 * @param changes with noise within the runs; null if unknown, so that only noise between runs decides
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

/** Below this, runs differ only by rounding. */
const tiny = 1e-9

const noiseOf = (change: LogChange | null | undefined) =>
  change === null || change === undefined ? null : { error: change.error, freedom: change.freedom }

const sessionNoise = (noise: BetweenRuns['points'][number] | undefined) =>
  noise === null || noise === undefined
    ? null
    : { error: Math.max(tiny, Math.sqrt(2 * noise.variance)), freedom: noise.freedom }

/** Standard error of both variances together, with Satterthwaite's degrees of freedom (1946). */
function withShift(difference: number, own: Omit<LogChange, 'difference'>, shift: BetweenRuns['shift']): LogChange {
  const parts = [
    { variance: own.error ** 2, freedom: own.freedom },
    { variance: 2 * shift.variance, freedom: shift.freedom },
  ]
  const variance = parts.reduce((sum, part) => sum + part.variance, 0)
  const spread = parts.reduce((sum, part) => sum + part.variance ** 2 / part.freedom, 0)
  return { difference, error: Math.sqrt(variance), freedom: spread === 0 ? 1 : variance ** 2 / spread }
}
