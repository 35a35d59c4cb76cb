import type { Comparison } from '../../analysis/compare/comparison.ts'
import { shortLoad } from '../../analysis/load-label.ts'
import { change, valueText } from './format.ts'
import type { QualityRow } from './quality.ts'

/** A change as a row of terminal output; every field is formatted text. */
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

/** The shown changes, largest first. */
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

/** Comparison of one head with the base; every text is ready to print. */
export interface ComparisonView {
  readonly head: string
  readonly verdict: string
  /** Evidence for the verdict. */
  readonly noise: string
  /** Differences in conditions that weaken the comparison: `host: a → b`. */
  readonly conditions: readonly string[]
  /** Result of each gate in words. */
  readonly gates: readonly string[]
  readonly changes: readonly ChangeRow[]
  /** Changes in accuracy wherever the base has one. */
  readonly quality: readonly QualityRow[]
  readonly onlyBase: number
  readonly onlyHead: number
  readonly files: readonly string[]
}
