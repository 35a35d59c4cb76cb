import type { Figure } from '../../metrics/figures/index.ts'
import type { Undecided } from './undecided.ts'

/** `faster` and `slower` are significant at the false discovery rate. The other two make no claim. */
export type Verdict = 'faster' | 'slower' | 'no difference shown' | 'not comparable'

/** One figure of one point before and after. */
export interface FigureChange {
  readonly figure: Figure
  readonly base: number | null
  readonly head: number | null
  /** head / base − 1; null if not comparable. */
  readonly relative: number | null
  readonly ci95: readonly [low: number, high: number] | null
  /**
   * Significant at or below the false discovery rate. Adjusted over all figures of all points. With thresholds: over
   * their tests alone, in the direction that they forbid, and for everything else at the remaining rate. Null without a
   * test.
   */
  readonly adjustedP: number | null
  readonly verdict: Verdict
  /** Set if no difference is shown but a relevant one is possible. */
  readonly undecided: Undecided | null
  /** Reason why it is not comparable or why nothing could be shown. */
  readonly why: string
}
