import type { Run } from '../../journal/run.ts'
import type { GateOutcome } from '../gates/outcome.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { EnvironmentDifference } from './environment.ts'
import type { FigureChange } from './figure-change.ts'
import type { FrontierGain } from './frontier-gain.ts'
import type { Pair } from './match.ts'
import type { QualityChange } from './quality-change.ts'

/** A point of both runs, and each of its figures before and after. */
export interface ComparedPoint extends Pair {
  readonly changes: readonly FigureChange[]
}

/**
 * Two runs, point by point.
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
  /** How the accuracy changed, wherever quality was checked in the base; empty without. */
  readonly quality: readonly QualityChange[]
  readonly frontiers: readonly FrontierGain[]
  /** What came of what `--fail-on` asks for. */
  readonly gates: readonly GateOutcome[]
  /** Tests that the adjusted p-values share. */
  readonly tests: number
  /** Of those, the ones that the thresholds are about; 0 without thresholds. */
  readonly gatedTests: number
  /** Earlier runs of the sweep that say how runs differ, the base included. */
  readonly noiseRuns: number
  /** Whether those are enough: if not, only the noise between repeats of a run was taken into account. */
  readonly betweenRunsKnown: boolean
}
