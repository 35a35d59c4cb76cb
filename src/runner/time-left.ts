import { followed, type JournalLine, settledIn } from '../journal/index.ts'
import { canonicalJson, type Point } from '../model/index.ts'
import type { PlannedDeployment } from '../spec/sweep.ts'
import { setAside } from './deferred.ts'

/** Likenesses of two points, the closest first: a point takes about as long as the ones that are most like it. */
const likenesses: readonly ((point: Point) => string)[] = [
  point => canonicalJson([point.deployment.id, point.workload, point.load]),
  point => canonicalJson([point.workload, point.load]),
  point => canonicalJson(point.load.level),
  () => 'any',
]

/** Expected seconds for all that is missing, given the journal so far; null while there is nothing to go by. */
export type TimeLeft = (lines: readonly JournalLine[]) => number | null

/** The checks of quality that a plan makes beside its points. */
export interface PlannedChecks {
  readonly at: 'deployment' | 'point'
  /** From the plan, used until a check of this run was made. */
  readonly fallbackSeconds: number
}

/**
 * Estimates a plan's remaining time: each missing point takes as long as the mean of the measured ones most like it,
 * each deployment as long as the mean one so far.
 *
 * @param fallbackSecondsPerPoint from past runs or the plan, used until a point of this run is measured
 * @param checks each of which takes as long as the mean one so far; null where the plan makes none
 */
export function timeLeft(
  deployments: readonly PlannedDeployment[],
  fallbackSecondsPerPoint: number | null,
  checks: PlannedChecks | null = null,
): TimeLeft {
  const likenessOf = likenessCache()
  const tookIn = followed<Took>(
    () => ({
      deployments: { seconds: 0, count: 0 },
      points: likenesses.map(() => new Map()),
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
      const keys = likenessOf(event.result.point)
      for (const [i, totals] of took.points.entries()) {
        const key = keys[i] ?? ''
        const total = totals.get(key) ?? { seconds: 0, count: 0 }
        add(total, event.elapsedS)
        totals.set(key, total)
      }
    },
  )
  return lines => {
    const aside = setAside(lines)
    const isSettled = settledIn(lines)
    const missing = deployments
      .filter(({ deployment }) => !aside.has(deployment.id))
      .map(({ points }) => points.filter(point => !isSettled(point)))
      .filter(points => points.length > 0)
    const took = tookIn(lines)
    const checking = checks === null ? 0 : checksLeft(took, checks.at) * (meanOf(took.checks) ?? checks.fallbackSeconds)
    if (missing.length === 0) return checking
    let total = (meanOf(took.deployments) ?? 0) * missing.length + checking
    for (const point of missing.flat()) {
      const known = closest(took, likenessOf(point)) ?? fallbackSecondsPerPoint
      if (known === null) return null
      total += known
    }
    return total

    /** Checks that are still to be made: none where nothing valid was measured. */
    function checksLeft({ checked, valid }: Took, at: PlannedChecks['at']): number {
      const open = deployments.filter(({ deployment }) => !aside.has(deployment.id))
      const isDue = (id: string, points: readonly Point[]) =>
        !checked.has(id) && (valid.has(id) || points.some(point => !isSettled(point)))
      if (at === 'deployment') return open.filter(({ deployment, points }) => isDue(deployment.id, points)).length
      return open.flatMap(({ points }) => points).filter(point => point.repeat === 1 && isDue(point.id, [point])).length
    }
  }
}

/** What a journal says that things took. */
interface Took {
  readonly deployments: Total
  /** By likeness, the closest first, and by what is alike. */
  readonly points: readonly Map<string, Total>[]
  readonly checks: Total
  /** Ids of points and of deployments whose quality was checked, and that have a valid measurement. */
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

/** Mean of the measured points that are most like a point; undefined before any. */
function closest({ points }: Took, keys: readonly string[]): number | undefined {
  for (const [i, totals] of points.entries()) {
    const mean = meanOf(totals.get(keys[i] ?? ''))
    if (mean !== undefined) return mean
  }
  return undefined
}

/** A point's likenesses are made once: a large plan asks for them after every point. */
function likenessCache(): (point: Point) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  return point => {
    const keys = known.get(point.id) ?? likenesses.map(like => like(point))
    known.set(point.id, keys)
    return keys
  }
}
