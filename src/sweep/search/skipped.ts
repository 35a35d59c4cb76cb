import type { Point } from '../../point/index.ts'
import { topologyLabel } from '../../point/index.ts'
import type { PlannedDeployment } from '../sweep.ts'
import type { Cell, Series } from './cells.ts'
import { worthwhile } from './shortlist.ts'
import type { View } from './view.ts'

/** Points of one deployment that a complete search left unmeasured. */
export interface Skipped {
  readonly planned: PlannedDeployment
  readonly points: readonly Point[]
  /** One sentence for a person. */
  readonly reason: string
}

/** One entry for each deployment with unmeasured cells, in the plan's order. */
export function skippedCells(allSeries: readonly Series[], view: View): readonly Skipped[] {
  return [...Map.groupBy(allSeries.flat(), cell => cell.planned)].flatMap(([planned, cells]) => {
    const open = cells.filter(cell => !view.isSettled(cell))
    if (open.length === 0) return []
    return [{ planned, points: open.flatMap(cell => cell.repeats), reason: reasonOf(cells, open, view) }]
  })
}

function reasonOf(cells: readonly Cell[], open: readonly Cell[], view: View): string {
  const { topology } = open[0]?.planned.deployment ?? {}
  const label = topology === undefined ? 'deployment' : topologyLabel(topology)
  const bounded = open.filter(cell => view.knowledge.get(cell.workload)?.predict(cell)?.isBounded === true).length
  const why =
    open.length === cells.length
      ? `its workers were measured in other topologies, and by those it can't add ${100 * worthwhile} % to a frontier or to the best under the SLO`
      : `by the points beside them they can't add ${100 * worthwhile} % to a frontier or to the best under the SLO`
  const past = bounded === 0 ? '' : `; ${bounded} lie past the throughput at which its pools saturate`
  return `Skipped ${open.length} of ${cells.length} load levels of ${label}: they cannot win, because ${why}${past}`
}
