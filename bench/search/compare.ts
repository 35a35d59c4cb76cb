import { hypervolume } from '../../src/analysis/hypervolume.ts'
import type { JournalLine } from '../../src/journal/index.ts'
import { createRandom, type Point, topologyLabel } from '../../src/model/index.ts'
import { poolsOf, reconcileCost } from '../../src/plan/order/reconcile-cost.ts'
import { adaptive } from '../../src/search/adaptive.ts'
import { type Cell, seriesOf } from '../../src/search/cells.ts'
import { type Observation, observe } from '../../src/search/observe.ts'
import type { Plan } from '../../src/spec/sweep.ts'
import type { SearchCase } from './cases.ts'
import { type Measured, type Measurer, noisyMeasurer, virtualMeasurer, virtualTruth } from './measure.ts'

/** What one way of choosing points came to. */
export interface Found {
  readonly points: number
  readonly hours: number
  readonly redeployments: number
  /** The worst workload's hypervolume of what was measured, by what the system does, as a share of the whole grid's. */
  readonly hypervolume: number
  /**
   * The worst workload's throughput per GPU under the SLO of the deployment that it recommends, as a share of the best
   * there is.
   */
  readonly recommended: number
}

export interface Compared {
  readonly name: string
  readonly deployments: number
  readonly grid: Found
  readonly adaptive: Found
  /** Mean of ten random choices of as many points as adaptive, in the plan's order. */
  readonly random: Found
  /**
   * Fewest points (greedy, without repeats) with 99 % of the hypervolume, known only afterwards: no search can do with
   * fewer.
   */
  readonly fewest: number
  /** Hypervolume when each tenth of the grid's points is measured. */
  readonly course: { readonly [way in 'grid' | 'random' | 'adaptive']: readonly number[] }
  /** Milliseconds that a decision takes. */
  readonly decisionMs: number
}

/** Shares of the grid's points at which {@link Compared.course} is taken. */
export const courseShares = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1]

export function compareSearches(
  searchCase: SearchCase,
  truth: Measurer = virtualTruth(searchCase.profile),
  quiet: Measurer = virtualMeasurer(searchCase.profile),
): Compared {
  const { name, plan, noise } = searchCase
  const measure = noisyMeasurer(quiet, noise)
  const all = plan.deployments.flatMap(({ points }) => points)
  const judge = judgeOf(searchCase, truth, measure)
  // What is measured is no part of what deciding takes.
  for (const point of all) measure(point)
  const from = performance.now()
  const chosen = search(searchCase, measure)
  const decisionMs = (performance.now() - from) / Math.max(1, chosen.length)
  const randoms = Array.from({ length: 10 }, (_, seed) => shuffled(all, seed))
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const atRandom = randoms.map(order => judge.found(inPlanOrder(all, order.slice(0, chosen.length))))
  const courseOf = (order: readonly Point[]) =>
    courseShares.map(share => judge.hypervolume(order.slice(0, Math.max(1, Math.round(share * all.length)))))
  const randomCourses = randoms.slice(0, 4).map(courseOf)
  return {
    name,
    deployments: plan.deployments.length,
    grid: judge.found(all),
    adaptive: judge.found(chosen),
    random: {
      points: chosen.length,
      hours: mean(atRandom.map(f => f.hours)),
      redeployments: mean(atRandom.map(f => f.redeployments)),
      hypervolume: mean(atRandom.map(f => f.hypervolume)),
      recommended: mean(atRandom.map(f => f.recommended)),
    },
    fewest: judge.fewest(),
    course: {
      grid: courseOf(all),
      random: courseShares.map((_, i) => mean(randomCourses.map(course => course[i] ?? 0))),
      adaptive: courseOf(chosen),
    },
    decisionMs,
  }
}

/** Runs the search to its end as `fulcrum run` would, with the redeployments in its journal. */
function search(searchCase: SearchCase, measure: Measurer): readonly Point[] {
  const chosen: Point[] = []
  searchAs(searchCase, point => {
    chosen.push(point)
    return measure(point, timesOf(chosen).at(-1)?.time)
  })
  return chosen
}

/**
 * Runs a search to its end as `fulcrum run` would, with the redeployments in its journal.
 * @param measure told of the journal so far, as what is measured may end because of it
 */
export function searchAs(
  { plan, redeployS }: SearchCase,
  measure: (point: Point, lines: readonly JournalLine[]) => Measured,
): readonly JournalLine[] {
  const choice = adaptive(plan)
  const lines: JournalLine[] = []
  const write = (event: JournalLine['event']) => lines.push({ seq: lines.length, at: '', event })
  for (let before: Point | undefined; ; ) {
    const planned = choice.deployment(lines)
    const point = planned === null ? undefined : choice.point(planned, lines)
    if (point === undefined) return lines
    const { deployment } = point
    if (before?.deployment.id !== deployment.id) {
      const { workersStarted, workersStopped } = stepTo(before, point)
      const label = topologyLabel(deployment.topology)
      const elapsedS = workersStarted > 0 ? redeployS : 0
      const common = { deploymentId: deployment.id, label, workersStarted, workersStopped, elapsedS }
      write({ type: 'deployment', outcome: 'ready', reason: '', ...common })
    }
    before = point
    const { result, seconds } = measure(point, lines)
    write({ type: 'point', result, elapsedS: seconds })
  }
}

const stepTo = (from: Point | undefined, to: Point) =>
  reconcileCost(from === undefined ? null : poolsOf(from.deployment), poolsOf(to.deployment))

function shuffled(all: readonly Point[], seed: number): readonly Point[] {
  const random = createRandom(seed)
  const keyed = all.map(point => ({ point, key: random.uniform() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ point }) => point)
}

function inPlanOrder(all: readonly Point[], some: readonly Point[]): readonly Point[] {
  const taken = new Set(some)
  return all.filter(point => taken.has(point))
}

/** Judges a choice of points: recommends by what was measured, and weighs by what the system does. */
function judgeOf({ plan, redeployS }: SearchCase, truth: Measurer, measure: Measurer) {
  const cells = seriesOf(plan).flat()
  const observations = (measurer: Measurer, points: readonly Point[], of: readonly Cell[]) => {
    const results = Map.groupBy(
      timesOf(points).map(({ point, time }) => measurer(point, time).result),
      ({ point }) => point.id,
    )
    return of.flatMap(cell => observe(cell, results) ?? [])
  }
  const whole = byWorkload(observations(truth, allPoints(plan), cells))
  const trulyAt = new Map([...whole.values()].flat().map(o => [o.cell.index, o]))
  const areas = new Map([...whole].map(([workload, alike]) => [workload, hypervolume(alike)]))
  const measuredOf = (points: readonly Point[]) => byWorkload(observations(measure, points, cells))
  const shareOf = (measured: ReadonlyMap<string, readonly Observation[]>) =>
    [...areas].map(([workload, area]) => {
      const places = (measured.get(workload) ?? []).flatMap(o => trulyAt.get(o.cell.index) ?? [])
      return area === 0 ? 1 : hypervolume(places) / area
    })

  return {
    hypervolume: (points: readonly Point[]) => Math.min(...shareOf(measuredOf(points))),
    fewest: () => [...whole.values()].reduce((sum, alike) => sum + fewestPoints(alike), 0),
    found(points: readonly Point[]): Found {
      const measured = measuredOf(points)
      const recommended = [...whole].map(([workload, alike]) => {
        const wanted = best(alike)
        const got = best(measured.get(workload) ?? [])
        const reached = best(alike.filter(o => o.cell.planned === got?.cell.planned))
        return wanted === undefined ? 1 : reached === undefined ? 0 : standing(reached, wanted)
      })
      return {
        points: points.length,
        ...timeOf(points, measure, redeployS),
        hypervolume: Math.min(...shareOf(measured)),
        recommended: Math.min(...recommended),
      }
    },
  }
}

/** Each point with how often it had been measured by then: what is invalid may be measured again. */
function timesOf(points: readonly Point[]): readonly { readonly point: Point; readonly time: number }[] {
  const times = new Map<Point, number>()
  return points.map(point => {
    const time = (times.get(point) ?? 0) + 1
    times.set(point, time)
    return { point, time }
  })
}

const allPoints = (plan: Plan) => plan.deployments.flatMap(({ points }) => points)
const byWorkload = (seen: readonly Observation[]) => Map.groupBy(seen, o => o.cell.workload)

/**
 * As a run is recommended from: the most tokens/s per GPU under the SLO; where nothing meets it, what comes nearest.
 */
export function best(seen: readonly Observation[]): Observation | undefined {
  const meeting = seen.filter(o => o.sloRatio <= 1)
  if (meeting.length > 0) return meeting.reduce((a, b) => (b.y > a.y ? b : a))
  return seen.length === 0 ? undefined : seen.reduce((a, b) => (b.sloRatio < a.sloRatio ? b : a))
}

function standing(reached: Observation, wanted: Observation): number {
  if (wanted.sloRatio > 1) return wanted.sloRatio / reached.sloRatio
  return reached.sloRatio > 1 ? 0 : reached.y / wanted.y
}

function timeOf(points: readonly Point[], measure: Measurer, redeployS: number) {
  let seconds = 0
  let redeployments = 0
  for (const [at, { point, time }] of timesOf(points).entries()) {
    seconds += measure(point, time).seconds
    const before = points[at - 1]
    if (before?.deployment.id === point.deployment.id || stepTo(before, point).workersStarted === 0) continue
    redeployments++
    seconds += redeployS
  }
  return { hours: seconds / 3600, redeployments }
}

/** Adds the point that adds most until 99 % are reached. */
function fewestPoints(alike: readonly Observation[]): number {
  const goal = 0.99 * hypervolume(alike)
  const taken: Observation[] = []
  while (hypervolume(taken) < goal)
    taken.push(alike.reduce((a, b) => (hypervolume([...taken, b]) > hypervolume([...taken, a]) ? b : a)))
  return taken.length
}
