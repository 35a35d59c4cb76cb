import type { Cell, Series } from './cells.ts'
import type { Knowledge } from './knowledge.ts'

/**
 * Cells that can't be predicted because nothing is known of one of their pools: of each deployment and workload the lightest load, or the lightest
 * that has no result yet. A level without one number is always measured.
 */
export function probes(
  allSeries: readonly Series[],
  knowledge: ReadonlyMap<string, Knowledge>,
  isSettled: (cell: Cell) => boolean,
): readonly Cell[] {
  return allSeries.flatMap(series => {
    const open = series.filter(cell => !isSettled(cell))
    const [lightest] = open
    if (lightest === undefined) return []
    if (lightest.load === null) return open
    const kinds = kindsOf(knowledge.get(lightest.workload))
    return kinds.has(lightest.prefill.kind) && kinds.has(lightest.decode.kind) ? [] : [lightest]
  })
}

function kindsOf(known: Knowledge | undefined): ReadonlySet<string> {
  return new Set((known?.seen ?? []).flatMap(({ cell }) => [cell.prefill.kind, cell.decode.kind]))
}
