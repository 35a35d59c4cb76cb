import type { Comparison } from '../../analysis/compare/comparison.ts'
import { shortLoad } from '../../analysis/load-label.ts'
import { change, valueText } from './format.ts'
import type { QualityRow } from './quality.ts'

/** A shown change as the terminal prints it; every field is ready text. */
export interface ChangeRow {
  readonly workload: string
  readonly deployment: string
  readonly load: string
  readonly figure: string
  readonly base: string
  readonly head: string
  readonly change: string
  readonly verdict: 'faster' | 'slower'
}

/** The changes that are shown, the largest first. */
export function changeTable(comparison: Comparison): readonly ChangeRow[] {
  return comparison.points
    .flatMap(point => point.changes.map(item => ({ point, item })))
    .toSorted((a, b) => Math.abs(b.item.relative ?? 0) - Math.abs(a.item.relative ?? 0))
    .flatMap(({ point: { head }, item }) =>
      item.relative === null || (item.verdict !== 'faster' && item.verdict !== 'slower')
        ? []
        : [
            {
              workload: head.workload.name,
              deployment: head.label,
              load: shortLoad(head.load.level),
              figure: item.figure.title,
              base: valueText(item.figure, item.base),
              head: valueText(item.figure, item.head),
              change: change(item.relative),
              verdict: item.verdict,
            },
          ],
    )
}

/** One head against the base; every text is ready to print. */
export interface ComparisonView {
  readonly head: string
  readonly verdict: string
  /** What the verdict rests on. */
  readonly noise: string
  /** Differences that make the comparison doubtful: `host: a → b`. */
  readonly conditions: readonly string[]
  /** What came of each gate, in words. */
  readonly gates: readonly string[]
  readonly changes: readonly ChangeRow[]
  /** How the accuracy changed, wherever it is known of the base. */
  readonly quality: readonly QualityRow[]
  readonly onlyBase: number
  readonly onlyHead: number
  readonly files: readonly string[]
}
