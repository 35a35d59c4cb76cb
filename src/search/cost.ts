import type { JournalLine } from '../journal/index.ts'
import type { Point } from '../model/index.ts'
import { startupSOf } from '../plan/estimate.ts'
import type { Plan } from '../spec/sweep.ts'

/** What measuring costs, s, by what it cost so far. */
export interface Cost {
  /** Starting workers, all at once. */
  readonly redeployS: number
  /** A point, whatever it measures: start-up, warm-up and load of those so far. */
  readonly pointS: number
  /** A point that answers so many requests/s. */
  measuring(point: Point, requestsPerS: number): number
}

/** @param lines the journal, which has what redeployments and points took */
export function costOf(plan: Plan, lines: readonly JournalLine[]): Cost {
  const started: number[] = []
  const measured: number[] = []
  for (const { event } of lines) {
    if (event.type === 'deployment' && event.outcome === 'ready' && event.workersStarted > 0)
      started.push(event.elapsedS)
    if (event.type === 'point' && event.result.measurement !== null) measured.push(event.elapsedS)
  }
  const redeployS = mean(started) ?? startupSOf(plan.sweep)
  const pointS = mean(measured) ?? 1
  return {
    redeployS,
    pointS,
    measuring: ({ load }, requestsPerS) => {
      const requests = load.warmup + (load.requests ?? 0)
      return (load.durationS ?? 0) + (requestsPerS > 0 ? requests / requestsPerS : pointS)
    },
  }
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
}
