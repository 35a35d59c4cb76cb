import type { JournalLine } from '../../journal/index.ts'
import { canonicalJson, type Point } from '../../point/index.ts'
import type { PlannedDeployment } from '../sweep.ts'
import { missingPoints } from './missing.ts'

/** Likenesses of two points, the closest first: a point takes about as long as the ones that are most like it. */
const likenesses: readonly ((point: Point) => string)[] = [
  point => canonicalJson([point.deployment.id, point.workload, point.load]),
  point => canonicalJson([point.workload, point.load]),
  point => canonicalJson(point.load.level),
  () => 'any',
]

/**
 * Expected seconds for all that is missing: each point as long as the mean of the measured ones most like it, each
 * deployment as long as the mean one so far. Null while there is nothing to go by.
 *
 * @param fallbackSecondsPerPoint from past runs or the plan, used until a point of this run is measured
 */
export function secondsLeft(
  deployments: readonly PlannedDeployment[],
  lines: readonly JournalLine[],
  fallbackSecondsPerPoint: number | null,
): number | null {
  const missing = deployments.map(({ points }) => missingPoints(points, lines)).filter(points => points.length > 0)
  if (missing.length === 0) return 0
  const measured = lines.flatMap(({ event }) => (event.type === 'point' ? [event] : []))
  const means = likenesses.map(like => meansBy(measured.map(event => [like(event.result.point), event.elapsedS])))
  let total = meanOf(deploymentSeconds(lines)) * missing.length
  for (const point of missing.flat()) {
    const seconds = likenesses.map((like, i) => means[i]?.get(like(point))).find(mean => mean !== undefined)
    const known = seconds ?? fallbackSecondsPerPoint
    if (known === null) return null
    total += known
  }
  return total
}

function deploymentSeconds(lines: readonly JournalLine[]): readonly number[] {
  return lines.flatMap(({ event }) => (event.type === 'deployment' ? [event.elapsedS] : []))
}

function meansBy(pairs: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const groups = Map.groupBy(pairs, ([key]) => key)
  return new Map([...groups].map(([key, group]) => [key, meanOf(group.map(([, seconds]) => seconds))]))
}

const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
