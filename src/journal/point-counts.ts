import type { Point } from '../model/index.ts'
import type { PointResult } from './event.ts'

/** How the planned points stand when an attempt is over. */
export interface PointCounts {
  readonly planned: number
  readonly ok: number
  readonly invalid: number
  readonly failed: number
  readonly missing: number
  /** Left out by a search that came to its end, because they cannot win. */
  readonly skipped: number
}

/**
 * Counts the plan's points by the latest result of each.
 * @param skipped how many points a search left out, which are therefore not missing
 */
export function countPoints(planned: readonly Point[], results: readonly PointResult[], skipped = 0): PointCounts {
  const statusOf = new Map(results.map(result => [result.point.id, result.status]))
  const count = (status: PointResult['status'] | undefined) =>
    planned.filter(point => statusOf.get(point.id) === status).length
  return {
    planned: planned.length,
    ok: count('ok'),
    invalid: count('invalid'),
    failed: count('failed'),
    missing: count(undefined) - skipped,
    skipped,
  }
}
