import type { Point } from '../model/index.ts'
import type { JournalLine, PointResult } from './event.ts'

/** The finding of a point whose deployment broke while it was measured. */
export const deploymentBroke = 'deployment-broke'

/**
 * How often a point is measured whose deployment breaks under it: the second time it may be the point that breaks it.
 */
const measurementsOfABreaker = 2

/**
 * The points that have yet to be measured, decided from the journal alone, so that a resumed run decides the same. Any
 * result settles a point, invalid and failed ones too; only a point whose deployment broke gets one more go, and one
 * that an attempt was asked to measure again.
 */
export function missingPoints(points: readonly Point[], lines: readonly JournalLine[]): readonly Point[] {
  const isSettled = settledIn(lines)
  return points.filter(point => !isSettled(point))
}

/** Whether a point needs no (further) measurement; looks through the journal once for any number of points. */
export function settledIn(lines: readonly JournalLine[]): (point: Point) => boolean {
  const results = new Map<string, PointResult[]>()
  for (const { event } of lines) {
    if (event.type === 'run-started') for (const id of event.again ?? []) results.delete(id)
    if (event.type !== 'point') continue
    const { id } = event.result.point
    const earlier = results.get(id)
    if (earlier === undefined) results.set(id, [event.result])
    else earlier.push(event.result)
  }
  return point => areSettling(results.get(point.id) ?? [])
}

function areSettling(results: readonly PointResult[]): boolean {
  const latest = results.at(-1)
  if (latest === undefined) return false
  return !broke(latest) || results.filter(broke).length >= measurementsOfABreaker
}

/** Whether the deployment broke under this measurement. */
function broke(result: PointResult): boolean {
  return result.findings.some(finding => finding.code === deploymentBroke)
}
