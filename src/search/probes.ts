import { isDeepStrictEqual } from 'node:util'
import { type Cell, isOneEach, type Series } from './cells.ts'
import type { Knowledge } from './knowledge.ts'
import type { Observation } from './observe.ts'

/** Where such workers begin: the share of the loads that are lighter. */
const middle = 0.4

/**
 * Cells that cannot be predicted because one of their pools is unknown. For each deployment and workload: the heaviest
 * load without a result that gives each worker at most one request, because it shows the same as the lightest one and
 * may be on the frontier; otherwise the lightest load. Workers that show nothing new at a light load begin at a middle
 * one. Levels without a single number are always measured.
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
    const seen = knowledge.get(lightest.workload)?.seen ?? []
    const kinds = kindsOf(seen)
    if (kinds.has(lightest.prefill.kind) && kinds.has(lightest.decode.kind)) return []
    const isLikeAnother = seen.some(({ cell }) => areAlikeWhenIdle(cell, lightest))
    const first = isLikeAnother ? open[Math.floor(open.length * middle)] : open.findLast(isOneEach)
    return [first ?? lightest]
  })
}

/**
 * Whether two deployments differ in engine settings and numbers of workers at most. Such settings, like a batch size,
 * rarely matter to a single request.
 */
function areAlikeWhenIdle(some: Cell, other: Cell): boolean {
  const [a, b] = [some.planned.deployment, other.planned.deployment]
  return (
    a.topology.kind === b.topology.kind &&
    a.model.name === b.model.name &&
    a.variant === b.variant &&
    isDeepStrictEqual(a.gpusPerWorker, b.gpusPerWorker)
  )
}

function kindsOf(seen: readonly Observation[]): ReadonlySet<string> {
  return new Set(seen.flatMap(({ cell }) => [cell.prefill.kind, cell.decode.kind]))
}
