import { hypervolume } from '../../src/analysis/hypervolume.ts'
import { loadProfile } from '../../src/engine/profile.ts'
import type { JournalLine } from '../../src/journal/index.ts'
import { canonicalJson, createRandom, type Point } from '../../src/point/index.ts'
import { poolsOf, reconcileCost } from '../../src/sweep/order/reconcile-cost.ts'
import { adaptive } from '../../src/sweep/search/adaptive.ts'
import { seriesOf } from '../../src/sweep/search/cells.ts'
import { type Observation, observe } from '../../src/sweep/search/observe.ts'
import type { Plan } from '../../src/sweep/sweep.ts'
import { type Measured, virtualMeasurer } from './measure.ts'

/** What starting workers takes, s: a model of this size loads for minutes, all workers at once. */
const redeployS = 180

/** What one way of choosing points came to. */
export interface Found {
  readonly points: number
  readonly hours: number
  readonly redeployments: number
  /** The worst workload's hypervolume, as a share of the grid's. */
  readonly hypervolume: number
  /** Workloads with the grid's best topology, or one within 1 % of its tokens/s per GPU under the SLO. */
  readonly sameBest: number
}

export interface Compared {
  readonly name: string
  readonly deployments: number
  readonly workloads: number
  readonly grid: Found
  readonly adaptive: Found
  /** Mean of ten random choices of as many points as adaptive, in the plan's order. */
  readonly random: Found
  /** Fewest points (greedy) with 99 % of the hypervolume, known only afterwards: no search can do with fewer. */
  readonly fewest: number
  /** Milliseconds that a decision takes. */
  readonly decisionMs: number
}

const profile = await loadProfile('deepseek-r1-fp4-gb200')

export async function compareSearches(name: string, plan: Plan): Promise<Compared> {
  const measure = virtualMeasurer(profile)
  const all = plan.deployments.flatMap(({ points }) => points)
  const gridObserved = observed(plan, all.map(measure))
  const judge = (points: readonly Point[]) => foundBy(plan, points, measure, gridObserved)
  const grid = judge(all)
  const from = performance.now()
  const chosen = search(plan, measure)
  const decisionMs = (performance.now() - from) / Math.max(1, chosen.length)
  const randoms = Array.from({ length: 10 }, (_, seed) => judge(randomPoints(all, chosen.length, seed)))
  const mean = (of: (found: Found) => number) => randoms.reduce((sum, found) => sum + of(found), 0) / randoms.length
  return {
    name,
    deployments: plan.deployments.length,
    workloads: workloadsOf(gridObserved).size,
    grid,
    adaptive: judge(chosen),
    random: {
      points: chosen.length,
      hours: mean(f => f.hours),
      redeployments: mean(f => f.redeployments),
      hypervolume: mean(f => f.hypervolume),
      sameBest: mean(f => f.sameBest),
    },
    fewest: fewestPoints(gridObserved),
    decisionMs,
  }
}

function search(plan: Plan, measure: (point: Point) => Measured): readonly Point[] {
  const choice = adaptive(plan)
  const lines: JournalLine[] = []
  const chosen: Point[] = []
  for (;;) {
    const planned = choice.deployment(lines)
    const point = planned === null ? undefined : choice.point(planned, lines)
    if (point === undefined) return chosen
    const { result, seconds } = measure(point)
    lines.push({ seq: lines.length, at: '', event: { type: 'point', result, elapsedS: seconds } })
    chosen.push(point)
  }
}

function randomPoints(all: readonly Point[], count: number, seed: number): readonly Point[] {
  const random = createRandom(seed)
  const keyed = all.map(point => ({ point, key: random.uniform() })).sort((a, b) => a.key - b.key)
  const taken = new Set(keyed.slice(0, count).map(({ point }) => point))
  return all.filter(point => taken.has(point))
}

function foundBy(
  plan: Plan,
  points: readonly Point[],
  measure: (point: Point) => Measured,
  grid: readonly Observation[],
): Found {
  const own = workloadsOf(observed(plan, points.map(measure)))
  const shares: number[] = []
  let sameBest = 0
  for (const [workload, alike] of workloadsOf(grid)) {
    const mine = own.get(workload) ?? []
    shares.push(hypervolume(mine) / hypervolume(alike))
    const [wanted, got] = [best(alike), best(mine)]
    // Compared by what the grid knows of the deployment, so that a lucky repeat proves nothing.
    const reached = best(alike.filter(o => o.cell.planned === got?.cell.planned))
    if (wanted !== undefined && (reached?.y ?? 0) >= 0.99 * wanted.y) sameBest++
  }
  let seconds = 0
  let redeployments = 0
  let running: Point['deployment'] | null = null
  for (const point of points) {
    seconds += measure(point).seconds
    if (running?.id === point.deployment.id) continue
    const from = running === null ? null : poolsOf(running)
    if (reconcileCost(from, poolsOf(point.deployment)).workersStarted > 0) {
      redeployments++
      seconds += redeployS
    }
    running = point.deployment
  }
  return { points: points.length, hours: seconds / 3600, redeployments, hypervolume: Math.min(...shares), sameBest }
}

function observed(plan: Plan, measured: readonly Measured[]): readonly Observation[] {
  const results = new Map(measured.map(({ result }) => [result.point.id, result]))
  return seriesOf(plan).flatMap(series => series.flatMap(cell => observe(cell, results) ?? []))
}

const workloadsOf = (seen: readonly Observation[]) => Map.groupBy(seen, o => canonicalJson(o.cell.workload))

/** The most tokens/s per GPU under the SLO; where nothing meets it, of all. */
function best(seen: readonly Observation[]): Observation | undefined {
  const meeting = seen.filter(o => o.meetsSlo)
  return (meeting.length > 0 ? meeting : seen).toSorted((a, b) => b.y - a.y)[0]
}

/** Adds the point that adds most until 99 % are reached, workload by workload; in points, repeats counted. */
function fewestPoints(grid: readonly Observation[]): number {
  let points = 0
  for (const alike of workloadsOf(grid).values()) {
    const goal = 0.99 * hypervolume(alike)
    const taken: Observation[] = []
    while (hypervolume(taken) < goal) {
      const next = alike.reduce((a, b) => (hypervolume([...taken, b]) > hypervolume([...taken, a]) ? b : a))
      taken.push(next)
      points += next.cell.repeats.length
    }
  }
  return points
}
