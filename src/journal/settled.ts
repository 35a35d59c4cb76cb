import type { Point } from '../model/index.ts'
import type { JournalLine, PointResult } from './event.ts'
import { followed } from './followed.ts'

/** Finding of a point whose deployment broke during its measurement. */
export const deploymentBroke = 'deployment-broke'

/** Measurements of a point whose deployment breaks: after the second break, the point itself may be the cause. */
const measurementsOfABreaker = 2

/**
 * Points that have yet to be measured. Depends only on the journal, so a resumed run decides the same. Any result
 * settles a point, including invalid and failed ones. Exceptions: a point whose deployment broke is measured once more,
 * and so is a point that an attempt was asked to repeat.
 */
export function missingPoints(points: readonly Point[], lines: readonly JournalLine[]): readonly Point[] {
  const isSettled = settledIn(lines)
  return points.filter(point => !isSettled(point))
}

/** Whether the journal settles a point. A later call with a longer journal reads only its new lines. */
export function settledIn(lines: readonly JournalLine[]): (point: Point) => boolean {
  const { settled } = standingOf(lines)
  return point => settled.has(point.id)
}

interface Standing {
  readonly settled: Set<string>
  /** How often the deployment broke under a point since an attempt last asked to repeat it. */
  readonly breaks: Map<string, number>
}

const standingOf = followed<Standing>(
  () => ({ settled: new Set(), breaks: new Map() }),
  ({ settled, breaks }, { event }) => {
    if (event.type === 'run-started') {
      for (const id of event.again ?? []) {
        settled.delete(id)
        breaks.delete(id)
      }
    }
    if (event.type !== 'point') return
    const { id } = event.result.point
    if (broke(event.result)) breaks.set(id, (breaks.get(id) ?? 0) + 1)
    if (!broke(event.result) || (breaks.get(id) ?? 0) >= measurementsOfABreaker) settled.add(id)
    else settled.delete(id)
  },
)

/** Whether the deployment broke during this measurement. */
function broke(result: PointResult): boolean {
  return result.findings.some(finding => finding.code === deploymentBroke)
}
