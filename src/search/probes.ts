import type { Cell, Series } from './cells.ts'
import type { Knowledge } from './knowledge.ts'

/**
 * Cells that can't be predicted because nothing is known of one of their pools: of each deployment and workload the
 * heaviest load that has no result yet and gives no worker more than one request, which says what the lightest one
 * would and may lie on the frontier; else the lightest. A level without one number is always measured.
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
    if (kinds.has(lightest.prefill.kind) && kinds.has(lightest.decode.kind)) return []
    return [open.findLast(isOneEach) ?? lightest]
  })
}

function isOneEach({ kind, load, prefill, decode }: Cell): boolean {
  return kind === 'concurrency' && load !== null && load <= Math.min(prefill.workers, decode.workers)
}

function kindsOf(known: Knowledge | undefined): ReadonlySet<string> {
  return new Set((known?.seen ?? []).flatMap(({ cell }) => [cell.prefill.kind, cell.decode.kind]))
}
