import type { Analysis } from '../../analysis/analyse.ts'
import { loadLabel } from '../../analysis/load-label.ts'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import type { Measurement } from '../../metrics/measurement.ts'
import { relative, type WholeRunFigure, wholeRunDiffers, wholeRunFigures } from '../../metrics/whole-run.ts'
import { change, valueText } from './format.ts'

/** A point whose whole run differs from its steady window; every field is formatted text. */
export interface WholeRunRow {
  readonly key: string
  readonly workload: string
  readonly deployment: string
  readonly load: string
  readonly figures: readonly WholeRunCell[]
}

/** One figure of both windows. */
export interface WholeRunCell {
  readonly title: string
  readonly steady: string
  readonly whole: string
  /** Change from steady to whole; `–` if either was not observed. */
  readonly change: string
}

/** Introduction of the section. */
export const wholeRunNote =
  'The figures of this report cover the steady window: requests sent under full load. The whole run also counts the warm-up, whose first wave asks for prefill all at once, and the end, when load falls. genai-perf and AIPerf count whole runs, so compare their figures with these.'

/**
 * Points whose whole run differs from the steady window, by workload, as means over the valid repeats that have both.
 * Empty if none differs.
 */
export function wholeRuns({ workloads }: Analysis): readonly WholeRunRow[] {
  return workloads.flatMap(({ name, points }) =>
    points.flatMap(point => {
      const figures = cellsOf(point)
      return figures === null
        ? []
        : [{ key: point.key, workload: name, deployment: point.label, load: loadLabel(point.load.level), figures }]
    }),
  )
}

function cellsOf({ valid }: MeasuredPoint): readonly WholeRunCell[] | null {
  const both = valid.filter(({ whole }) => whole !== undefined)
  if (!both.some(measurement => wholeRunDiffers(measurement) !== null)) return null
  const columns = both.map((measurement: Measurement) => wholeRunFigures(measurement) ?? [])
  return (columns[0] ?? []).map(({ name, title, unit }) => {
    const of = columns.flatMap(figures => figures.filter(figure => figure.name === name))
    const figure = { steady: meanOf(of, 'steady'), whole: meanOf(of, 'whole') }
    const by = relative(figure)
    return {
      title,
      steady: valueText({ unit }, figure.steady),
      whole: valueText({ unit }, figure.whole),
      change: by === null ? '–' : change(by),
    }
  })
}

function meanOf(figures: readonly WholeRunFigure[], of: 'steady' | 'whole'): number | null {
  const values = figures.flatMap(figure => figure[of] ?? [])
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
