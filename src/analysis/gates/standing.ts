import { leftOutIn } from '../../journal/event.ts'
import type { Run } from '../../journal/run.ts'
import type { Status } from '../../metrics/measurement.ts'
import { type MeasuredPoint, pointKey } from '../measured-point.ts'

/** Status of a point. A point without a single answered request counts as failed, regardless of its findings. */
export function standingOf({ status, repeats }: MeasuredPoint): Status {
  if (status === 'ok') return 'ok'
  return repeats.every(({ measurement }) => (measurement?.requests.completed ?? 0) === 0) ? 'failed' : status
}

/**
 * Minimum number of planned points without any result that no search skipped, as in a run that was interrupted or spent
 * its budget. The manifest counts repeats separately, so the exact number of points is unknown.
 */
export function missingPointCount(run: Run): number {
  const settled = new Set(run.results.map(({ point }) => point.id))
  for (const { points } of leftOutIn(run.lines))
    for (const { pointIds } of points) for (const id of pointIds) settled.add(id)
  const missing = Math.max(0, run.manifest.plan.points - settled.size)
  const repeats = [...Map.groupBy(run.results, pointKey).values()].map(results => results.length)
  return Math.ceil(missing / Math.max(1, ...repeats))
}
