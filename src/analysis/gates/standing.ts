import { leftOutIn } from '../../journal/event.ts'
import type { Run } from '../../journal/run.ts'
import type { Status } from '../../metrics/measurement.ts'
import { type MeasuredPoint, pointKey } from '../measured-point.ts'

/**
 * How a point stands. One without a single answered request has failed, whatever the judge of measurements called it.
 */
export function standingOf({ status, repeats }: MeasuredPoint): Status {
  if (status === 'ok') return 'ok'
  return repeats.every(({ measurement }) => (measurement?.requests.completed ?? 0) === 0) ? 'failed' : status
}

/**
 * Planned points of a run without any result, which no search left out on purpose: an interrupted run's, or a spent
 * budget's. The manifest counts repeats one by one, so this is how many points there are at the least.
 */
export function missingPointCount(run: Run): number {
  const settled = new Set(run.results.map(({ point }) => point.id))
  for (const { points } of leftOutIn(run.lines))
    for (const { pointIds } of points) for (const id of pointIds) settled.add(id)
  const missing = Math.max(0, run.manifest.plan.points - settled.size)
  const repeats = [...Map.groupBy(run.results, pointKey).values()].map(results => results.length)
  return Math.ceil(missing / Math.max(1, ...repeats))
}
