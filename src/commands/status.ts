import { type Holder, leftOutIn, leftOutReasons, type Run, readRun, runHolder } from '../journal/index.ts'
import { type Live, readLive } from '../journal/live.ts'
import type { PointCounts } from '../runner/run.ts'
import { findRun, type RunChoice } from './find-run.ts'
import { pointLabel } from './point-label.ts'

/** State of a run as `fulcrum status` shows it. */
export interface RunStatus {
  readonly folder: string
  readonly sweep: string
  readonly state: 'running' | 'complete' | 'interrupted' | 'failed' | 'budget' | 'unfinished'
  readonly startedAt: string
  readonly points: PointCounts
  /** Why a complete search skipped points, with the number of points for each reason. */
  readonly leftOut: readonly { readonly reason: string; readonly points: number }[]
  readonly redeployments: number
  readonly workersStarted: number
  readonly sinceLastEventS: number
  /** The point in flight; null if there is none, or its figures cannot be trusted. */
  readonly live: Live | null
  /** Process that holds the run; null if there is none. */
  readonly holder: number | null
  readonly problems: readonly { readonly point: string; readonly reason: string }[]
}

/** The state of a run from its journal. Safe while another process writes the journal. */
export async function runStatus(choice: RunChoice): Promise<RunStatus> {
  const run = await readRun(await findRun(choice))
  const holder = await runHolder(run.folder)
  return statusOf(run, holder, await readLive(run.folder, holder, run.lines.at(-1)))
}

/** The state of a run, given the process that holds it. */
export function statusOf(run: Run, holder: Holder | null, live: Live | null): RunStatus {
  const count = (status: string) => run.results.filter(result => result.status === status).length
  const planned = run.manifest.plan.points
  const last = run.lines.at(-1)
  const open = Math.max(0, planned - run.results.length)
  // Only a search can be complete with points that have no result.
  const skipped = run.ended?.outcome === 'complete' ? open : 0
  return {
    folder: run.folder,
    sweep: run.manifest.sweep,
    state: holder !== null ? 'running' : (run.ended?.outcome ?? 'unfinished'),
    startedAt: run.manifest.createdAt,
    points: {
      planned,
      ok: count('ok'),
      invalid: count('invalid'),
      failed: count('failed'),
      missing: open - skipped,
      skipped,
    },
    leftOut: leftOutCounts(run),
    redeployments: run.deployments.filter(deployment => deployment.outcome === 'ready').length,
    workersStarted: run.deployments.reduce((sum, deployment) => sum + deployment.workersStarted, 0),
    sinceLastEventS: last === undefined ? 0 : (Date.now() - Date.parse(last.at)) / 1000,
    live,
    holder: holder?.pid ?? null,
    problems: run.results
      .filter(result => result.status !== 'ok')
      .map(result => ({ point: pointLabel(result.point), reason: result.reason })),
  }
}

function leftOutCounts({ lines }: Run): RunStatus['leftOut'] {
  const points = leftOutIn(lines).flatMap(left => left.points)
  return [...Map.groupBy(points, ({ reason }) => reason)].map(([reason, alike]) => ({
    reason: leftOutReasons[reason],
    points: alike.reduce((sum, { pointIds }) => sum + pointIds.length, 0),
  }))
}
