import type { Point } from '../model/index.ts'
import type { JournalLine, PointResult } from './event.ts'
import { followed } from './followed.ts'

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

/**
 * Whether a point needs no (further) measurement by the journal as it is now. A journal that grows is read on from
 * where it was read last.
 */
export function settledIn(lines: readonly JournalLine[]): (point: Point) => boolean {
  const { settled } = standingOf(lines)
  return point => settled.has(point.id)
}

interface Standing {
  readonly settled: Set<string>
  /** How often the deployment broke under a point since it was last asked to be measured again. */
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

/** Whether the deployment broke under this measurement. */
function broke(result: PointResult): boolean {
  return result.findings.some(finding => finding.code === deploymentBroke)
}
