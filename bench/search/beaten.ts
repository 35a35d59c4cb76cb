import { hypervolume } from '../../src/analysis/hypervolume.ts'
import type { JournalLine } from '../../src/journal/index.ts'
import type { Point } from '../../src/model/index.ts'
import { beatenBy } from '../../src/search/beaten.ts'
import { seriesOf } from '../../src/search/cells.ts'
import { type Observation, observe, resultsById } from '../../src/search/observe.ts'
import type { Plan } from '../../src/spec/sweep.ts'
import type { SearchCase } from './cases.ts'
import { best, searchAs } from './compare.ts'
import { type Measured, measure } from './measure.ts'

/** The defaults of `requests: auto`. */
const auto = { min: 10, max: 100, most: 4000, precision: 0.05 }

/** The same point with `requests: auto` where its load is a closed loop; another point all the same has its id. */
function withAuto(point: Point): Point {
  const { load } = point
  if (load.level.kind !== 'concurrency') return point
  const min = auto.min * load.level.concurrency
  const requests = Math.max(min, Math.min(auto.max * load.level.concurrency, auto.most))
  return { ...point, load: { ...load, requests, auto: { min, precision: auto.precision } } }
}

const planWithAuto = (plan: Plan): Plan => ({
  ...plan,
  deployments: plan.deployments.map(planned => ({ ...planned, points: planned.points.map(withAuto) })),
})

/** What a search of points that end by themselves came to. */
interface Ended {
  readonly points: number
  /** Hours in points, and with redeployments. */
  readonly pointHours: number
  readonly hours: number
  readonly beaten: number
  /** By workload: the deployment recommended, and the hypervolume measured. */
  readonly verdicts: ReadonlyMap<
    string,
    { readonly recommended: string; readonly meets: boolean; readonly area: number }
  >
}

/**
 * A search with `requests: auto`, in which a point that is surely beaten stops at once or goes on until it is precise.
 * Without noise from one measurement to the next, so that whatever differs is the stopping's doing.
 */
export function endedEarly(searchCase: SearchCase): { readonly stopping: Ended; readonly goingOn: Ended } {
  const plan = planWithAuto(searchCase.plan)
  const known = new Map<string, Measured>()
  const goOn = (point: Point) => {
    const measured = known.get(point.id) ?? measure(point, point.load, searchCase.profile)
    known.set(point.id, measured)
    return measured
  }
  const stop = (point: Point, lines: readonly JournalLine[]) => {
    const { auto } = point.load
    if (auto === undefined) return goOn(point)
    const results = [...resultsById(lines).values()].flatMap(own => own.at(-1) ?? [])
    return measure(point, point.load, searchCase.profile, beatenBy(point, results))
  }
  const found = (of: Parameters<typeof searchAs>[1]) => endedOf(plan, searchAs({ ...searchCase, plan }, of))
  return { stopping: found(stop), goingOn: found(goOn) }
}

function endedOf(plan: Plan, lines: readonly JournalLine[]): Ended {
  const results = resultsById(lines)
  const seen = seriesOf(plan)
    .flat()
    .flatMap((cell): readonly Observation[] => {
      const observed = observe(cell, results)
      return observed === null ? [] : [observed]
    })
  let [points, pointS, redeployS, beaten] = [0, 0, 0, 0]
  for (const { event } of lines) {
    if (event.type === 'deployment') redeployS += event.elapsedS
    if (event.type !== 'point') continue
    points++
    pointS += event.elapsedS
    if (event.result.measurement?.stopping?.reason === 'beaten') beaten++
  }
  const verdicts = [...Map.groupBy(seen, o => o.cell.workload)].map(([workload, alike]) => {
    const won = best(alike)
    const recommended = won === undefined ? '' : `${won.cell.planned.deployment.id} ${won.cell.load}`
    return [workload, { recommended, meets: won?.meetsSlo === true, area: hypervolume(alike) }] as const
  })
  return {
    points,
    pointHours: pointS / 3600,
    hours: (pointS + redeployS) / 3600,
    beaten,
    verdicts: new Map(verdicts),
  }
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** A row for each case, printed as it is found, then the sums. */
export function printEndedEarly(cases: readonly SearchCase[]): void {
  console.log('| sweep | points | of them beaten | hours in points | stopped | all hours | stopped | verdicts |')
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |')
  const sums = { points: 0, beaten: 0, goingOn: 0, stopping: 0, all: 0, allStopping: 0, workloads: 0, same: 0 }
  for (const searchCase of cases) {
    const { stopping, goingOn } = endedEarly(searchCase)
    const verdicts = [...goingOn.verdicts].map(([workload, before]) => {
      const after = stopping.verdicts.get(workload)
      const isSame = after?.recommended === before.recommended && after.meets === before.meets
      const area = (after?.area ?? 0) / before.area
      sums.workloads++
      if (isSame) sums.same++
      return `${isSame ? 'same' : 'another'}, hypervolume ${area >= 1 ? '+' : ''}${percent(area - 1)}`
    })
    sums.points += stopping.points
    sums.beaten += stopping.beaten
    sums.goingOn += goingOn.pointHours
    sums.stopping += stopping.pointHours
    sums.all += goingOn.hours
    sums.allStopping += stopping.hours
    const hours = [goingOn.pointHours, stopping.pointHours, goingOn.hours, stopping.hours].map(each => each.toFixed(2))
    console.log(
      `| ${searchCase.name} | ${goingOn.points} → ${stopping.points} | ${stopping.beaten} | ${hours.join(' | ')} | ${verdicts.join('; ')} |`,
    )
  }
  console.log(
    `\n- ${sums.beaten} of ${sums.points} points were beaten and stopped: ${percent(1 - sums.stopping / sums.goingOn)} of the time in points and ${percent(1 - sums.allStopping / sums.all)} of all time saved`,
  )
  console.log(`- the recommendation is the same for ${sums.same} of ${sums.workloads} workloads`)
}
