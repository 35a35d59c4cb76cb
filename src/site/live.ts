import type { TopLevelSpec } from 'vega-lite'
import { analyse } from '../analysis/analyse.ts'
import type { PointCounts } from '../journal/index.ts'
import type { Live } from '../journal/live.ts'
import type { Run } from '../journal/run.ts'
import { frontierSpec } from '../render/charts/frontier.ts'
import { pageSpec } from '../render/html/render.ts'
import { type ChartPoint, sampled } from '../render/views/chart-point.ts'
import { type LiveView, liveView } from '../render/views/live-lines.ts'
import { reportOf } from '../render/views/report.ts'

/** Progress of a run, for its page. */
export interface LiveStatus {
  readonly state: string
  readonly points: PointCounts
  readonly redeployments: number
  readonly workersStarted: number
  readonly latest: string | null
  /** Latencies, queues and GPUs of the latest measured point, one line each. */
  readonly latestFigures: readonly string[]
  readonly secondsLeft: number | null
  /** The point in flight; null if none is visible. */
  readonly live: Live | null
}

/** A run's progress as sent to its page. */
export type FrameStatus = Omit<LiveStatus, 'live'> & { readonly now: LiveView | null }

/** Update for a page after its journal grew: everything the first time, then only the changes. */
export interface Frame {
  readonly status: FrameStatus
  /**
   * Present when a workload or deployment appears for the first time, because both determine the scales of the charts.
   */
  readonly charts?: {
    readonly series: readonly string[]
    readonly workloads: readonly { readonly name: string; readonly spec: object }[]
  }
  /** New or changed points. A point also changes when another one comes to dominate it. */
  readonly points: readonly ChartPoint[]
  /** Keys of points that are no longer drawn. */
  readonly gone: readonly string[]
}

/** Maximum number of points over all charts. */
const mostPoints = 2000

/** Builds the frames of one run for one page. */
export function createFrames(): (run: Run, status: LiveStatus) => Frame {
  const told = new Map<string, string>()
  let shape = ''
  let drawnRun: Run | null = null
  return (run, { live, ...known }) => {
    const { state, points, redeployments, workersStarted, latest, latestFigures, secondsLeft } = known
    const progress = { state, points, redeployments, workersStarted, latest, latestFigures, secondsLeft }
    const status = { ...progress, now: live === null ? null : liveView(live) }
    // Nothing was measured since; only the point in flight changed.
    if (run === drawnRun) return { status, points: [], gone: [] }
    drawnRun = run
    const report = reportOf(analyse(run))
    const limit = Math.max(100, Math.floor(mostPoints / Math.max(1, report.sections.length)))
    const drawn = new Map(
      report.sections.flatMap(section => sampled(section.drawn, limit)).map(point => [point.key, point]),
    )
    const gone = [...told.keys()].filter(key => !drawn.has(key))
    for (const key of gone) told.delete(key)
    const fresh = [...drawn.values()].filter(point => {
      const text = JSON.stringify(point)
      const isNew = told.get(point.key) !== text
      told.set(point.key, text)
      return isNew
    })
    const names = report.sections.map(section => section.analysis.name)
    const now = JSON.stringify([report.series, names])
    const charts =
      now === shape
        ? {}
        : {
            charts: {
              series: report.series,
              workloads: names.map(name => ({ name, spec: frontierOf(report.series, name) })),
            },
          }
    shape = now
    return {
      status,
      ...charts,
      points: fresh,
      gone,
    }
  }
}

function frontierOf(series: readonly string[], workload: string): object {
  const spec: TopLevelSpec = frontierSpec({ points: [], series, title: '', subtitle: workload }, 'page')
  return pageSpec(spec)
}
