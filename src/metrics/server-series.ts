import type { ServerMetric, ServerMetrics } from './measurement.ts'

/** The metrics of one page. */
export type PageMetrics = ServerMetrics[string]

/** A series of a page, with its labels in its name. */
export type Series = readonly [series: string, metric: ServerMetric]

/** Series of a page with a matching name, and with matching labels if given. */
export const seriesNamed = (metrics: PageMetrics, name: RegExp, labels = /(?:)/): Series[] =>
  Object.entries(metrics).filter(([series]) => name.test(series.replace(/\{.*$/, '')) && labels.test(series))

/** Total increase of the counters with a name, over all their series; null without any. */
export function increaseOf(metrics: PageMetrics, name: RegExp, labels?: RegExp): number | null {
  const found = seriesNamed(metrics, name, labels)
  return found.length === 0 ? null : found.reduce((sum, [, { last }]) => sum + last, 0)
}

/** Mean of the histograms' observations, weighted by their numbers; NaN without any observation. */
export const meanObservation = (histograms: readonly Series[]): number =>
  histograms.reduce((sum, [, { mean, last }]) => sum + mean * last, 0) /
  histograms.reduce((sum, [, { last }]) => sum + last, 0)
