import { CsvError, parse } from 'csv-parse/sync'
import type { Finding } from '../../metrics/measurement.ts'
import type { OwnFigures } from './own-figures.ts'

/** One metric's figures in profile_export_genai_perf.csv: `avg`, `p99`, …, rounded to two decimals. */
export interface CsvFigure {
  readonly unit: string
  readonly [statistic: string]: number | string
}

/** Metrics by their names in the JSON. */
export type CsvFigures = { readonly [metric: string]: CsvFigure }

/**
 * Reads genai-perf's CSV: a table of metrics with their statistics, an empty line, and a table of metrics with a single
 * value (the mean). Thousands are separated by commas, and missing values are `N/A`. Returns nothing for other content.
 */
export function readCsvFigures(text: string): CsvFigures {
  const found: { [metric: string]: CsvFigure } = {}
  let statistics: readonly string[] = []
  for (const [name = '', ...cells] of rowsOf(text)) {
    if (name === 'Metric') statistics = cells.map(cell => (cell === 'Value' ? 'avg' : cell))
    const metric = /^(.+) \((.+)\)$/.exec(name)
    if (metric === null) continue
    const [, title = '', unit = ''] = metric
    const values = statistics.flatMap((statistic, at): [string, number][] => {
      const value = Number(cells[at]?.replaceAll(',', '') || Number.NaN)
      return Number.isNaN(value) ? [] : [[statistic, value]]
    })
    if (values.length > 0) found[title.toLowerCase().replaceAll(' ', '_')] = { unit, ...Object.fromEntries(values) }
  }
  return found
}

/** Rows of a CSV text; empty if it is not CSV. */
function rowsOf(text: string): readonly (readonly string[])[] {
  try {
    return parse(text, { bom: true, relax_column_count: true, skip_empty_lines: true })
  } catch (error) {
    if (error instanceof CsvError) return []
    throw error
  }
}

/** Rounding error of two decimals. */
const rounding = 0.005 + 1e-9
const mostShown = 5

/** Differences between genai-perf's two summaries of one run. */
export function exportsDisagree(json: OwnFigures, csv: CsvFigures): Finding[] {
  const wrong = Object.entries(csv).flatMap(([metric, figure]) => {
    const stated = json[metric]
    if (typeof stated !== 'object' || stated === null) return [`${metric} is in the CSV only`]
    return Object.entries(figure).flatMap(([statistic, value]) => {
      const other = (stated as Readonly<Record<string, unknown>>)[statistic]
      if (statistic === 'unit' || typeof value !== 'number') return []
      if (typeof other === 'number' && Math.abs(other - value) <= rounding) return []
      return [`${metric} ${statistic} ${value} in the CSV, ${String(other ?? 'nothing')} in the JSON`]
    })
  })
  if (wrong.length === 0) return []
  const more = wrong.length > mostShown ? ` and ${wrong.length - mostShown} more` : ''
  return [
    {
      severity: 'warning',
      code: 'exports-disagree',
      message: `genai-perf's CSV and JSON differ: ${wrong.slice(0, mostShown).join('; ')}${more}. Fulcrum uses perf_analyzer's record, but do not trust either file`,
    },
  ]
}
