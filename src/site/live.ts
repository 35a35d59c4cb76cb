import type { TopLevelSpec } from 'vega-lite'
import { analyse } from '../analysis/analyse.ts'
import type { PointCounts } from '../journal/index.ts'
import type { Run } from '../journal/run.ts'
import { frontierSpec } from '../render/charts/frontier.ts'
import { pageSpec } from '../render/html/render.ts'
import { type ChartPoint, sampled } from '../render/views/chart-point.ts'
import { reportOf } from '../render/views/report.ts'

/** Progress of a run, as the page shows it. */
export interface LiveStatus {
  readonly state: string
  readonly points: PointCounts
  readonly redeployments: number
  readonly workersStarted: number
  readonly latest: string | null
  /** Latencies, queues and GPUs of the latest measured point, a line each. */
  readonly latestFigures: readonly string[]
  readonly secondsLeft: number | null
}

/** Update for a page when a journal has grown: everything the first time, then only what is new. */
export interface Frame {
  readonly status: LiveStatus
  /** Present when a workload or a deployment was seen for the first time: both decide the scales of the charts. */
  readonly charts?: {
    readonly series: readonly string[]
    readonly workloads: readonly { readonly name: string; readonly spec: object }[]
  }
  /** New or changed points; a point that another one came to dominate has changed. */
  readonly points: readonly ChartPoint[]
  /** Keys of points that are no longer drawn. */
  readonly gone: readonly string[]
}

/** Most points over all charts. */
const mostPoints = 2000

/** Makes frames of one run for one page. */
export function createFrames(): (run: Run, status: LiveStatus) => Frame {
  const told = new Map<string, string>()
  let shape = ''
  return (run, { state, points, redeployments, workersStarted, latest, latestFigures, secondsLeft }) => {
    const report = reportOf(analyse(run))
    const limit = Math.max(100, Math.floor(mostPoints / Math.max(1, report.sections.length)))
    const drawn = new Map(
      report.sections.flatMap(section => sampled(section.points, limit)).map(point => [point.key, point]),
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
      status: { state, points, redeployments, workersStarted, latest, latestFigures, secondsLeft },
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
