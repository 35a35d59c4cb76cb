import type { ServerMetric, ServerMetrics } from './measurement.ts'

/** The metrics of one page. */
export type PageMetrics = ServerMetrics[string]

/** A series of a page, with its labels in its name. */
export type Series = readonly [series: string, metric: ServerMetric]

/** The series of a page whose bare name fits, with these labels if any are asked for. */
export const seriesNamed = (metrics: PageMetrics, name: RegExp, labels = /(?:)/): Series[] =>
  Object.entries(metrics).filter(([series]) => name.test(series.replace(/\{.*$/, '')) && labels.test(series))

/** What the counters of a name rose by, all series together; null where there are none. */
export function increaseOf(metrics: PageMetrics, name: RegExp, labels?: RegExp): number | null {
  const found = seriesNamed(metrics, name, labels)
  return found.length === 0 ? null : found.reduce((sum, [, { last }]) => sum + last, 0)
}
