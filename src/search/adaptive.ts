import type { JournalLine } from '../journal/index.ts'
import { settledIn } from '../journal/index.ts'
import type { Point } from '../model/index.ts'
import { poolsOfSweep } from '../plan/order/pools-of-sweep.ts'
import { reconcileCost } from '../plan/order/reconcile-cost.ts'
import type { Plan, PlannedDeployment } from '../spec/sweep.ts'
import { type Cell, seriesOf } from './cells.ts'
import type { Choice } from './choice.ts'
import { type Cost, costOf } from './cost.ts'
import { probes } from './probes.ts'
import { rivalRepeats } from './rivals.ts'
import { shortlist, type Wanted } from './shortlist.ts'
import { type Skipped, skippedPoints } from './skipped.ts'
import { viewerOf } from './view.ts'

/** Relative gain above which a point is measured at once, although some workers are still unknown. */
const promising = 0.05

interface Step {
  readonly planned: PlannedDeployment
  readonly point: Point
}

/**
 * Finds the frontier and the best deployment of each workload by measuring few points of the plan's grid. Each choice
 * depends only on the journal, so a resumed search continues as if it had never stopped:
 *
 * 1. Measured points predict the others, and the predictions give the shortest list that is expected to contain the
 *   frontier and the best point.
 * 2. Stay on the running deployment while the list has a point of it, starting with the largest gain.
 * 3. Before leaving it, repeat the points that decide the recommendation.
 * 4. Go to the deployment with the largest gain for its time, including redeployment; unknown workers come first.
 * 5. End when the list is empty and the recommendation's repeats are measured.
 */
export function adaptive(plan: Plan): Choice {
  const series = seriesOf(plan)
  const viewer = viewerOf(series)
  const poolsOf = poolsOfSweep(plan.sweep)
  const pools = new Map(plan.deployments.map(planned => [planned, poolsOf(planned.deployment)]))
  const isRepeated = plan.deployments.some(({ points }) => points.some(point => point.repeat > 1))

  const startsFrom = (from: PlannedDeployment | undefined, to: PlannedDeployment) =>
    reconcileCost(from === undefined ? null : (pools.get(from) ?? null), pools.get(to) ?? {}).workersStarted

  const decide = (lines: readonly JournalLine[]): Step | null => {
    const view = viewer(lines)
    const running = runningIn(plan, lines)
    const starts = (to: PlannedDeployment) => startsFrom(running, to)
    const cost = costOf(plan, lines)
    const unknown = probes(series, view.knowledge, view.isSettled)
    const wanted = shortlist(
      series.flat().filter(cell => !view.isSettled(cell)),
      view.knowledge,
      cost,
      plan.deployments.filter(planned => planned === running || starts(planned) === 0),
    )
    const isSettled = settledIn(lines)
    const repeats = isRepeated
      ? [...view.knowledge.values()].flatMap(rivalRepeats).filter(point => !isSettled(point))
      : []

    // A point may lose its appeal once all workers are known, so until then only large gains count.
    const enough = unknown.some(cell => cell.planned !== running) ? promising : 0
    const here = [...unknown.map(cell => ({ cell, worth: 1 })), ...wanted].filter(
      ({ cell, worth }) => cell.planned === running && worth >= enough,
    )
    const [first] = here.toSorted((a, b) => b.worth - a.worth)
    if (first !== undefined) return stepTo(first.cell)
    const repeat = running?.points.find(point => repeats.includes(point))
    if (running !== undefined && repeat !== undefined && enough === 0) return { planned: running, point: repeat }
    const next =
      nearest(mostBelieved(unknown, plan.promise), starts) ?? mostPromising(wanted, cost, startsFrom, running)
    if (next !== undefined) return stepTo(next)
    const left = plan.deployments.find(({ points }) => points.some(point => repeats.includes(point)))
    const point = left?.points.find(point => repeats.includes(point))
    return left === undefined || point === undefined ? null : { planned: left, point }
  }

  const next = rememberLatest(decide)
  return {
    isUpperBound: true,
    deployment: lines => next(lines)?.planned ?? null,
    point(planned, lines) {
      const step = next(lines)
      return step?.planned === planned ? step.point : undefined
    },
    skipped: (lines): readonly Skipped[] => (next(lines) === null ? skippedPoints(series, lines) : []),
  }
}

/** Caches the latest decision: the run loop asks twice per journal line, and the answer depends only on the journal. */
function rememberLatest(decide: (lines: readonly JournalLine[]) => Step | null) {
  let latest: { readonly lines: readonly JournalLine[]; readonly count: number; readonly step: Step | null } | null =
    null
  return (lines: readonly JournalLine[]): Step | null => {
    if (latest?.lines !== lines || latest.count !== lines.length)
      latest = { lines, count: lines.length, step: decide(lines) }
    return latest.step
  }
}

function stepTo(cell: Cell): Step | null {
  const [point] = cell.repeats
  return point === undefined ? null : { planned: cell.planned, point }
}

/** Deployment of the latest point; undefined before the first. */
function runningIn(plan: Plan, lines: readonly JournalLine[]): PlannedDeployment | undefined {
  const last = lines.findLast(({ event }) => event.type === 'point')?.event
  if (last?.type !== 'point') return undefined
  return plan.deployments.find(({ deployment }) => deployment.id === last.result.point.deployment.id)
}

/** The unknown cells with the highest prior; all of them without priors. */
function mostBelieved(cells: readonly Cell[], promise: Plan['promise'] = {}): readonly Cell[] {
  const of = (cell: Cell) => promise[cell.planned.deployment.id] ?? 0
  const most = Math.max(0, ...cells.map(of))
  return cells.filter(cell => of(cell) === most)
}

function nearest(cells: readonly Cell[], starts: (to: PlannedDeployment) => number): Cell | undefined {
  return cells.reduce<Cell | undefined>(
    (best, cell) => (best === undefined || starts(cell.planned) < starts(best.planned) ? cell : best),
    undefined,
  )
}

/**
 * Deployment with the largest gain for its time, including the gain of those that can be reached from it without
 * starting a worker. So larger deployments come first, because scaling down is free.
 */
function mostPromising(
  wanted: readonly Wanted[],
  cost: Cost,
  startsFrom: (from: PlannedDeployment | undefined, to: PlannedDeployment) => number,
  running: PlannedDeployment | undefined,
): Cell | undefined {
  const byDeployment = [...Map.groupBy(wanted, ({ cell }) => cell.planned)]
  let best: { readonly cell: Cell; readonly score: number } | undefined
  for (const [planned, alike] of byDeployment) {
    const [first] = alike.toSorted((a, b) => b.worth - a.worth)
    const within = byDeployment.filter(([other]) => startsFrom(planned, other) === 0).flatMap(([, own]) => own)
    const worth = within.reduce((sum, each) => sum + each.worth, 0)
    const redeployS = startsFrom(running, planned) > 0 ? cost.redeployS : 0
    const score = worth / Math.max(within.length * cost.pointS + redeployS, 1e-9)
    if (first !== undefined && score > (best?.score ?? 0)) best = { cell: first.cell, score }
  }
  return best?.cell
}
