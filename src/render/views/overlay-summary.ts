import type { Overlay } from '../../analysis/overlay/overlay.ts'
import { largest } from '../../model/index.ts'
import { modelOf } from '../page/overlay/model.ts'
import { cautions, select } from '../page/overlay/selection.ts'
import { overlayData } from './overlay.ts'

/** Summary of an overlay for the terminal, with the same content as the start of its page. */
export interface OverlaySummary {
  /** One row per run and workload. */
  readonly rows: readonly OverlayRow[]
  /** Cautions for comparing the frontiers. */
  readonly cautions: readonly string[]
  /** Titles of axes for which no run has figures. */
  readonly notAvailable: readonly string[]
}

/** Frontier of one run and workload in an overlay. */
export interface OverlayRow {
  readonly workload: string
  readonly label: string
  readonly points: number
  readonly invalid: number
  readonly failed: number
  /** Points on the run's frontier of the workload. */
  readonly onFrontier: number
  /** Highest value on the frontier; null without one. */
  readonly tokensPerSPerUser: number | null
  readonly tokensPerSPerGpu: number | null
}

/** Summarizes an overlay for the terminal. */
export function overlaySummary(overlay: Overlay): OverlaySummary {
  const data = overlayData(overlay)
  const model = modelOf(data)
  const { x, y, workload: first } = data.first
  const of = (workloads: readonly string[] | null) =>
    select(model, { x, y, logX: false, logY: false, hidden: [], workloads, facets: {} })
  const { groups, xs, ys } = of(null)
  const most = (values: readonly number[]) => (values.length === 0 ? null : largest(values))
  return {
    cautions: cautions(model, of([first])),
    notAvailable: overlay.axes.filter(({ available }) => !available).map(({ title }) => title),
    rows: overlay.workloads.flatMap((workload, number) =>
      overlay.runs.flatMap(({ label, points }, at) => {
        const own = points.filter(point => point.workload === workload)
        if (own.length === 0) return []
        const frontier = groups.flatMap(group => (group.run === at && group.workload === number ? group.frontier : []))
        return [
          {
            workload,
            label,
            points: own.length,
            invalid: own.filter(({ point }) => point.status === 'invalid').length,
            failed: own.filter(({ point }) => point.status === 'failed').length,
            onFrontier: frontier.length,
            tokensPerSPerUser: most(frontier.map(i => xs[i] ?? Number.NaN)),
            tokensPerSPerGpu: most(frontier.map(i => ys[i] ?? Number.NaN)),
          },
        ]
      }),
    ),
  }
}
