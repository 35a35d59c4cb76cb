import type { JournalLine } from '../journal/index.ts'
import { missingPoints } from '../journal/index.ts'
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

/**
 * Estimates a plan's remaining time: each missing point takes as long as the mean of the measured ones most like it,
 * each deployment as long as the mean one so far.
 *
 * @param fallbackSecondsPerPoint from past runs or the plan, used until a point of this run is measured
 */
export function timeLeft(deployments: readonly PlannedDeployment[], fallbackSecondsPerPoint: number | null): TimeLeft {
  const likenessOf = likenessCache()
  return lines => {
    const aside = setAside(lines)
    const missing = deployments
      .filter(({ deployment }) => !aside.has(deployment.id))
      .map(({ points }) => missingPoints(points, lines))
      .filter(points => points.length > 0)
    if (missing.length === 0) return 0
    const measured = lines.flatMap(({ event }) => (event.type === 'point' ? [event] : []))
    const means = likenesses.map((_, i) =>
      meansBy(measured.map(event => [likenessOf(event.result.point)[i] ?? '', event.elapsedS])),
    )
    let total = meanOf(deploymentSeconds(lines)) * missing.length
    for (const point of missing.flat()) {
      const keys = likenessOf(point)
      const seconds = means.map((mean, i) => mean.get(keys[i] ?? '')).find(mean => mean !== undefined)
      const known = seconds ?? fallbackSecondsPerPoint
      if (known === null) return null
      total += known
    }
    return total
  }
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

function deploymentSeconds(lines: readonly JournalLine[]): readonly number[] {
  return lines.flatMap(({ event }) =>
    event.type === 'deployment' && event.outcome !== 'not-run' ? [event.elapsedS] : [],
  )
}

function meansBy(pairs: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const groups = Map.groupBy(pairs, ([key]) => key)
  return new Map([...groups].map(([key, group]) => [key, meanOf(group.map(([, seconds]) => seconds))]))
}

const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
