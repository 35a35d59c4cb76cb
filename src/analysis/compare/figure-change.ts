import type { Figure } from '../../metrics/figures/index.ts'
import type { Undecided } from './undecided.ts'

/** `faster` and `slower` are shown at the false-discovery rate; the other two are honest silences. */
export type Verdict = 'faster' | 'slower' | 'no difference shown' | 'not comparable'

/** One figure of one point, before and after. */
export interface FigureChange {
  readonly figure: Figure
  readonly base: number | null
  readonly head: number | null
  /** head / base − 1; null when not comparable. */
  readonly relative: number | null
  readonly ci95: readonly [low: number, high: number] | null
  /**
   * Shown at or below the false-discovery rate. Adjusted for all figures of all points; where there are thresholds, for
   * theirs alone in the direction that they forbid, and for everything else at what that leaves. Null without a test.
   */
  readonly adjustedP: number | null
  readonly verdict: Verdict
  /** Set where no difference is shown although one that matters may be there. */
  readonly undecided: Undecided | null
  /** Why it is not comparable, or why nothing could be shown. */
  readonly why: string
}
