import { followed, type JournalLine, settledIn } from '../journal/index.ts'
import { canonicalJson, type Point } from '../model/index.ts'
import type { PlannedDeployment } from '../spec/sweep.ts'
import { deferredIn } from './deferred.ts'

/** Keys by which two points are alike, strictest first: a point takes about as long as the ones most like it. */
const similarityKeys: readonly ((point: Point) => string)[] = [
  point => canonicalJson([point.deployment.id, point.workload, point.load]),
  point => canonicalJson([point.workload, point.load]),
  point => canonicalJson(point.load.level),
  () => 'any',
]

/** Expected seconds for all missing points, given the journal so far; null if there is no basis for an estimate. */
export type TimeLeft = (lines: readonly JournalLine[]) => number | null

/** The quality checks of a plan. */
export interface PlannedChecks {
  readonly at: 'deployment' | 'point'
  /** From the plan. Used until this run has made a check. */
  readonly fallbackSeconds: number
}

/**
 * Estimates a plan's remaining time in seconds. Each missing point takes as long as the mean of the measured points
 * most like it; each deployment and each quality check as long as the mean one so far.
 *
 * @param fallbackSecondsPerPoint from past runs or the plan, used until a point of this run is measured
 * @param checks the quality checks of the plan; null if it has none
 */
export function timeLeft(
  deployments: readonly PlannedDeployment[],
  fallbackSecondsPerPoint: number | null,
  checks: PlannedChecks | null = null,
): TimeLeft {
  const keysOf = keyCache()
  const tookIn = followed<Took>(
    () => ({
      deployments: { seconds: 0, count: 0 },
      points: similarityKeys.map(() => new Map()),
      checks: { seconds: 0, count: 0 },
      checked: new Set(),
      valid: new Set(),
    }),
    (took, { event }) => {
      if (event.type === 'deployment' && event.outcome !== 'not-run') add(took.deployments, event.elapsedS)
      if (event.type === 'quality') {
        add(took.checks, event.elapsedS)
        took.checked.add(event.pointId).add(event.deploymentId)
      }
      if (event.type !== 'point') return
      if (event.result.status === 'ok') took.valid.add(event.result.point.id).add(event.result.point.deployment.id)
      const keys = keysOf(event.result.point)
      for (const [i, totals] of took.points.entries()) {
        const key = keys[i] ?? ''
        const total = totals.get(key) ?? { seconds: 0, count: 0 }
        add(total, event.elapsedS)
        totals.set(key, total)
      }
    },
  )
  return lines => {
    const deferred = deferredIn(lines)
    const isSettled = settledIn(lines)
    const missing = deployments
      .filter(({ deployment }) => !deferred.has(deployment.id))
      .map(({ points }) => points.filter(point => !isSettled(point)))
      .filter(points => points.length > 0)
    const took = tookIn(lines)
    const checking = checks === null ? 0 : checksLeft(took, checks.at) * (meanOf(took.checks) ?? checks.fallbackSeconds)
    if (missing.length === 0) return checking
    let total = (meanOf(took.deployments) ?? 0) * missing.length + checking
    for (const point of missing.flat()) {
      const known = closest(took, keysOf(point)) ?? fallbackSecondsPerPoint
      if (known === null) return null
      total += known
    }
    return total

    /** Number of checks still to make. Where nothing valid was measured, there is nothing to check. */
    function checksLeft({ checked, valid }: Took, at: PlannedChecks['at']): number {
      const open = deployments.filter(({ deployment }) => !deferred.has(deployment.id))
      const isDue = (id: string, points: readonly Point[]) =>
        !checked.has(id) && (valid.has(id) || points.some(point => !isSettled(point)))
      if (at === 'deployment') return open.filter(({ deployment, points }) => isDue(deployment.id, points)).length
      return open.flatMap(({ points }) => points).filter(point => point.repeat === 1 && isDue(point.id, [point])).length
    }
  }
}

/** Durations in a journal. */
interface Took {
  readonly deployments: Total
  /** One map for each of {@link similarityKeys}, by its key. */
  readonly points: readonly Map<string, Total>[]
  readonly checks: Total
  /** Ids of points and deployments with a quality check, and of those with a valid measurement. */
  readonly checked: Set<string>
  readonly valid: Set<string>
}

interface Total {
  seconds: number
  count: number
}

function add(total: Total, seconds: number): void {
  total.seconds += seconds
  total.count++
}

const meanOf = (total: Total | undefined): number | undefined =>
  total === undefined || total.count === 0 ? undefined : total.seconds / total.count

/** Mean of the measured points most like a point; undefined if there are none. */
function closest({ points }: Took, keys: readonly string[]): number | undefined {
  for (const [i, totals] of points.entries()) {
    const mean = meanOf(totals.get(keys[i] ?? ''))
    if (mean !== undefined) return mean
  }
  return undefined
}

/** Remembers the keys of each point: a large plan needs them after every point. */
function keyCache(): (point: Point) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  return point => {
    const keys = known.get(point.id) ?? similarityKeys.map(like => like(point))
    known.set(point.id, keys)
    return keys
  }
}
