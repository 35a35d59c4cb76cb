import type { JournalLine } from '../../journal/index.ts'
import type { Point } from '../../point/index.ts'
import { type Pools, poolsOf, reconcileCost } from '../order/reconcile-cost.ts'
import { settledIn } from '../run/missing.ts'
import type { Plan, PlannedDeployment } from '../sweep.ts'
import { type Cell, seriesOf } from './cells.ts'
import type { Choice } from './choice.ts'
import { type Skipped, skippedCells } from './skipped.ts'
import { type View, viewOf } from './view.ts'

/**
 * Looks for the frontier and the best deployment of each workload with few points of the plan's grid. Each choice is made from
 * the journal alone, so that a resumed search goes on as if it had never stopped:
 *
 * 1. Stay on the deployment that runs while it has a cell worth measuring; the most promising first.
 * 2. Before leaving it, repeat what was measured of it, far from the first time and backwards, as the plan has it.
 * 3. Go to the deployment that promises most for each worker that has to be started; among equals, the first of the plan.
 * 4. End when no cell can win any more.
 */
export function adaptive(plan: Plan): Choice {
  const series = seriesOf(plan)
  const cellsOf = Map.groupBy(series.flat(), cell => cell.planned)
  const pools = new Map(plan.deployments.map(planned => [planned, poolsOf(planned.deployment)]))

  const next = (lines: readonly JournalLine[]) => {
    const view = viewOf(series, lines)
    const running = runningIn(plan, lines)
    if (running !== undefined) {
      const point = bestCell(cellsOf.get(running) ?? [], view)?.repeats[0] ?? repeatOf(running, cellsOf, view, lines)
      if (point !== undefined) return { planned: running, point }
    }
    const from = running === undefined ? null : (pools.get(running) ?? null)
    const planned = mostPromising(plan, cellsOf, view, to => startsTo(from, pools.get(to) ?? {}))
    const point = planned && bestCell(cellsOf.get(planned) ?? [], view)?.repeats[0]
    return planned === undefined || point === undefined ? null : { planned, point }
  }

  return {
    isUpperBound: true,
    deployment: lines => next(lines)?.planned ?? null,
    point(planned, lines) {
      const step = next(lines)
      return step?.planned === planned ? step.point : undefined
    },
    skipped: (lines): readonly Skipped[] => (next(lines) === null ? skippedCells(series, viewOf(series, lines)) : []),
  }
}

const startsTo = (from: Pools | null, to: Pools) => reconcileCost(from, to).workersStarted

/** The deployment of the latest point; undefined before the first. */
function runningIn(plan: Plan, lines: readonly JournalLine[]): PlannedDeployment | undefined {
  const last = lines.findLast(({ event }) => event.type === 'point')?.event
  if (last?.type !== 'point') return undefined
  return plan.deployments.find(({ deployment }) => deployment.id === last.result.point.deployment.id)
}

function bestCell(cells: readonly Cell[], view: View): Cell | undefined {
  let best: { readonly cell: Cell; readonly worth: number } | undefined
  for (const cell of cells) {
    const worth = view.worthOf(cell)
    if (worth > (best?.worth ?? 0)) best = { cell, worth }
  }
  return best?.cell
}

function repeatOf(
  planned: PlannedDeployment,
  cellsOf: ReadonlyMap<PlannedDeployment, readonly Cell[]>,
  view: View,
  lines: readonly JournalLine[],
): Point | undefined {
  const measured = new Set((cellsOf.get(planned) ?? []).filter(view.isSettled).flatMap(cell => cell.repeats))
  const isSettled = settledIn(lines)
  return planned.points.find(point => measured.has(point) && !isSettled(point))
}

function mostPromising(
  plan: Plan,
  cellsOf: ReadonlyMap<PlannedDeployment, readonly Cell[]>,
  view: View,
  starts: (to: PlannedDeployment) => number,
): PlannedDeployment | undefined {
  let best: { readonly planned: PlannedDeployment; readonly score: number } | undefined
  for (const planned of plan.deployments) {
    const promise = (cellsOf.get(planned) ?? []).reduce((sum, cell) => sum + view.worthOf(cell), 0)
    const score = promise / (1 + starts(planned))
    if (score > (best?.score ?? 0)) best = { planned, score }
  }
  return best?.planned
}
