import type { Live } from '../../journal/live.ts'
import type { PointCounts } from '../../journal/point-counts.ts'
import { counted, duration } from '../views/format.ts'
import { liveLines } from '../views/live-lines.ts'
import { type ProblemView, problemsText } from './problems.ts'
import { countColoured } from './verdict-colour.ts'
import { wrappedInTerminal } from './wrapped.ts'

/** Progress of a run. */
export interface StatusView {
  readonly sweep: string
  readonly state: string
  readonly startedAt: string
  readonly points: PointCounts
  readonly redeployments: number
  readonly workersStarted: number
  readonly sinceLastEventS: number
  readonly leftOut: readonly { readonly reason: string; readonly points: number }[]
  readonly live: Live | null
  /** Process that holds the run's lock; null if there is none. */
  readonly holder: number | null
  readonly problems: readonly ProblemView[]
  readonly folder: string
}

/** Progress of a run, for the terminal. */
export function statusText(status: StatusView): string {
  const { planned, ok, invalid, failed, missing, skipped } = status.points
  const leftOut = skipped > 0 ? `, ${skipped} left out by the search` : ''
  return [
    `${status.sweep}: ${status.state}, started ${status.startedAt}`,
    `points: ${ok} ok, ${countColoured(invalid, 'invalid')}, ${countColoured(failed, 'failed')}, ${missing} missing${leftOut} of ${counted(planned, 'point')}`,
    `redeployments: ${status.redeployments}, worker starts: ${status.workersStarted}; last event ${duration(status.sinceLastEventS)} ago`,
    ...status.leftOut.map(({ reason, points }) =>
      wrappedInTerminal(`  ${counted(points, 'point')} left out: ${reason}`),
    ),
    ...(status.live === null ? [] : ['now:', ...liveLines(status.live).map(line => wrappedInTerminal(`  ${line}`))]),
    ...(status.holder === null ? [] : [`running as process ${status.holder}`]),
    ...(status.problems.length === 0 ? [] : [problemsText(status.problems)]),
    status.folder,
  ].join('\n')
}
