import type { Cell, Series } from './cells.ts'
import type { Knowledge } from './knowledge.ts'

/**
 * Cells that cannot be predicted because one of their pools is unknown. For each deployment and workload: the heaviest
 * load without a result that gives each worker at most one request, because it shows the same as the lightest one and
 * may be on the frontier; otherwise the lightest load. Levels without a single number are always measured.
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
