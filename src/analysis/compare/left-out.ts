import { leftOutIn } from '../../journal/event.ts'
import type { Run } from '../../journal/run.ts'
import { canonicalJson } from '../../model/index.ts'
import { asked, type PointSubject } from './match.ts'

const keyOf = (point: PointSubject) => canonicalJson([asked(point), point.deployment.engine])

/** Returns whether a run's search skipped a point because it could not win. Such points are not lost. */
export function leftOutBy(run: Run): (point: PointSubject) => boolean {
  const keys = new Set(
    leftOutIn(run.lines).flatMap(({ deployment, points }) =>
      points.map(({ workload, load }) => keyOf({ deployment, workload, load })),
    ),
  )
  return point => keys.size > 0 && keys.has(keyOf(point))
}
