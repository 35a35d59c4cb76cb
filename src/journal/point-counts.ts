import type { Point } from '../model/index.ts'
import type { PointResult } from './event.ts'

/** Counts of the planned points by result after an attempt. */
export interface PointCounts {
  readonly planned: number
  readonly ok: number
  readonly invalid: number
  readonly failed: number
  readonly missing: number
  /** Skipped by a complete search because they cannot win. */
  readonly skipped: number
}

/**
 * Counts the plan's points by the latest result of each.
 * @param skipped number of points that a search skipped; they do not count as missing
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
