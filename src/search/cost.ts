import { followed, type JournalLine } from '../journal/index.ts'
import type { Point } from '../model/index.ts'
import { startupSOf } from '../plan/estimate.ts'
import type { Plan } from '../spec/sweep.ts'

/** Measuring times in s, estimated from the run so far. */
export interface Cost {
  /** Starting workers, all in parallel. */
  readonly redeployS: number
  /** Any point: mean start-up, warm-up and load so far. */
  readonly pointS: number
  /** A point that answers the given requests/s. */
  measuring(point: Point, requestsPerS: number): number
}

/** @param lines the journal, which contains the times of redeployments and points */
export function costOf(plan: Plan, lines: readonly JournalLine[]): Cost {
  const { started, measured } = spentIn(lines)
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

interface Total {
  seconds: number
  count: number
}

const spentIn = followed<{ readonly started: Total; readonly measured: Total }>(
  () => ({ started: { seconds: 0, count: 0 }, measured: { seconds: 0, count: 0 } }),
  ({ started, measured }, { event }) => {
    if (event.type === 'deployment' && event.outcome === 'ready' && event.workersStarted > 0) add(started, event)
    if (event.type === 'point' && event.result.measurement !== null) add(measured, event)
  },
)

function add(total: Total, { elapsedS }: { readonly elapsedS: number }): void {
  total.seconds += elapsedS
  total.count++
}

const mean = ({ seconds, count }: Total): number | undefined => (count === 0 ? undefined : seconds / count)
