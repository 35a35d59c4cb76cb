import { loadLabel } from '../../analysis/load-label.ts'
import { firstAxes } from '../../analysis/overlay/axes.ts'
import type { Overlay, OverlayPoint } from '../../analysis/overlay/overlay.ts'
import type { OverlayData, Packed } from '../page/overlay/data.ts'
import { packed, sloAnswers, statuses } from '../page/overlay/data.ts'
import { shownFigures } from './chart-point.ts'
import { interned } from './interned.ts'

/** Data of an overlay's page. Figures have six digits, more than charts and tables show. */
export function overlayData(overlay: Overlay): OverlayData {
  const points = overlay.runs.flatMap(({ points }, run) => points.map(of => ({ ...of, run })))
  const texts = interned()
  const column = (of: (point: OverlayPoint & { readonly run: number }) => number): Packed => packed(points.map(of))
  const available = overlay.axes.filter(axis => axis.available)
  const shown = points.map(({ point }) => (point.status === 'failed' ? {} : shownFigures(point, overlay.figures)))
  const facets = overlay.facets.map(({ name, title }, facet) => {
    const values = interned()
    const numbers = column(({ facets: own }) => values.indexOf(own[facet] ?? ''))
    return { name, title, values: values.all, numbers }
  })
  return {
    runs: overlay.runs.map(({ label, run, differences, missing }) => ({
      missing,
      label,
      runId: run.manifest.runId,
      conditions: differences.filter(({ kind }) => kind === 'conditions').map(({ what }) => what),
    })),
    axes: overlay.axes,
    workloads: overlay.workloads,
    facets: facets.map(({ numbers: _, ...facet }) => facet),
    points: {
      run: column(({ run }) => run),
      workload: column(({ workload }) => overlay.workloads.indexOf(workload)),
      facets: facets.map(({ numbers }) => numbers),
      kind: column(({ kind }) => texts.indexOf(kind)),
      deployment: column(({ point }) => texts.indexOf(point.label)),
      load: column(({ point }) => texts.indexOf(loadLabel(point.load.level))),
      reason: column(({ point }) => texts.indexOf(point.reason)),
      gpus: column(({ point }) => point.gpus),
      status: column(({ point }) => statuses.indexOf(point.status)),
      slo: column(({ slo }) => sloAnswers.indexOf(slo)),
      valid: column(({ point }) => point.valid.length),
      repeats: column(({ point }) => point.repeats.length),
      ids: points.map(({ point }) => point.repeats.map(repeat => repeat.point.id).join(' ')),
      figures: Object.fromEntries(
        available.map(({ name }) => [name, shown.map(figures => rounded(figures[name]?.mean ?? null))]),
      ),
    },
    texts: texts.all,
    first: {
      ...firstAxes,
      workload: mostShared(overlay),
    },
  }
}

const rounded = (value: number | null) => (value === null ? null : Number(value.toPrecision(6)))

/** The first of the workloads that most runs have. */
function mostShared({ runs, workloads }: Overlay): string {
  const own = runs.map(({ points }) => new Set(points.map(({ workload }) => workload)))
  const count = (name: string) => own.filter(names => names.has(name)).length
  return workloads.reduce((most, name) => (count(name) > count(most) ? name : most), workloads[0] ?? '')
}
