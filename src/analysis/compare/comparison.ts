import type { Run } from '../../journal/run.ts'
import type { GateOutcome } from '../gates/outcome.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { EnvironmentDifference } from './environment.ts'
import type { FigureChange } from './figure-change.ts'
import type { FrontierGain } from './frontier-gain.ts'
import type { Pair } from './match.ts'
import type { QualityChange } from './quality-change.ts'

/** A point of both runs with each of its figures before and after. */
export interface ComparedPoint extends Pair {
  readonly changes: readonly FigureChange[]
}

/**
 * Comparison of two runs, point by point.
 *
 * @example
 * ```ts
 * import type { Comparison } from 'fulcrum'
 *
 * export const hasFailed = ({ gates }: Comparison): boolean => gates.some(({ outcome }) => outcome !== 'passed')
 * ```
 */
export interface Comparison {
  readonly base: Run
  readonly head: Run
  readonly differences: readonly EnvironmentDifference[]
  readonly points: readonly ComparedPoint[]
  readonly onlyBase: readonly MeasuredPoint[]
  readonly onlyHead: readonly MeasuredPoint[]
  /** Changes in accuracy wherever the base has a quality check; empty without any. */
  readonly quality: readonly QualityChange[]
  readonly frontiers: readonly FrontierGain[]
  /** Results of the conditions of `--fail-on`. */
  readonly gates: readonly GateOutcome[]
  /** Number of tests over which p-values are adjusted. */
  readonly tests: number
  /** Number of those tests that belong to thresholds; 0 without thresholds. */
  readonly gatedTests: number
  /** Earlier runs of the sweep that show how runs differ, including the base. */
  readonly noiseRuns: number
  /** Whether these are enough. If not, only the noise between repeats of a run is taken into account. */
  readonly betweenRunsKnown: boolean
}
