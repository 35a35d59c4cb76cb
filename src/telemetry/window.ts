import type { ServerMetric, ServerMetrics } from '../metrics/measurement.ts'
import { largest } from '../model/index.ts'
import type { Exposition, Sample } from './exposition.ts'
import { compactSeries, isTelling, type SeriesSample } from './series.ts'

/** A metrics page at one moment. */
export interface Scrape {
  /** Monotonic milliseconds. */
  readonly atMs: number
  readonly page: Exposition
}

/** A scrape of one page among others. */
export interface DueScrape extends Scrape {
  /** When all pages were to be scraped, in monotonic milliseconds. A slow page answers later. */
  readonly dueMs: number
}

/** The metrics of one source over a window; see {@link ServerMetrics}. */
export type SourceMetrics = ServerMetrics[string]

/** Series of a language runtime, process or build, which are not about the point. */
const runtimeMetric = /^(?:dynamo_)?(?:python|process|go|promhttp|nodejs|tokio)_|_(?:created|uptime_seconds)$/

/** Dynamo's internal endpoints, whose names contain a number that is unique to a worker. */
const isOfItself = ({ name, labels }: Sample): boolean =>
  runtimeMetric.test(name) || /^worker_kv_query/.test(labels.dynamo_endpoint ?? '')

/** Maximum number of series per source. Further ones are dropped, so that a journal line stays readable. */
const mostSeries = 150

/**
 * Summarizes the scrapes of a source, oldest first; the last one is taken when the window is over. Gauges give their
 * mean, maximum and last value. Counters give their increase per second (mean), the highest such rate between two
 * scrapes (max), and the total increase (last). Histograms and summaries give the mean of the observations within the
 * window, the highest mean between two scrapes (max), and the number of observations (last). A counter that was reset
 * (a worker restarted) counts from there, and one that first appears within the window counts from 0. A counter that
 * did not change is left out. Values are rounded to six digits.
 * @param beganMs start of the window on the clock of the scrapes, the origin of the kept series; default: the first
 *   scrape
 * @param isLoaded whether the last scrape was under load too, so that gauges include it
 * @param deciding metrics from which figures are computed. Their counters are kept even if they did not change, because
 *   0 is a count too; their gauges have no value while they are 0; and they are kept above the maximum number of series
 */
export function sourceMetrics(
  scrapes: readonly Scrape[],
  beganMs = scrapes[0]?.atMs ?? 0,
  isLoaded = false,
  deciding: RegExp | null = null,
): SourceMetrics {
  const latest = scrapes.at(-1)
  if (latest === undefined) return {}
  const telling = tellingLabels(latest.page)
  const tables = scrapes.map(({ atMs, page }) => ({ atMs, values: valuesOf(page, telling) }))
  const found: Record<string, SourceMetrics[string]> = {}
  for (const [key, kind] of seriesOf(latest.page, telling)) {
    const of = (part: string, absent: number | null) =>
      tables.map(({ atMs, values }) => ({ atMs, value: values.get(`${part}${key}`) ?? absent }))
    const decides = deciding?.test(key.replace(/\{.*$/, '')) ?? false
    const figures =
      kind === 'gauge'
        ? gauge(of('', null), isLoaded, decides)
        : kind === 'counter'
          ? counter(of('', 0), decides)
          : ratio(of('sum ', 0), of('count ', 0))
    if (figures === null || (!decides && Object.keys(found).length >= mostSeries)) continue
    const { samples, ...sums } = figures
    found[key] = { ...rounded(sums), ...(isTelling(key) ? { series: relative(samples, beganMs) } : {}) }
  }
  return found
}

/**
 * The scrapes of a steady window, from its start to the last request sent, by the time at which they were due, so that
 * every page contributes the same moments. If they span less than half of the window, as in a short one, adds the
 * scrapes before and after it. These may be from another load: without this rule, an acceptance rate once came from 7
 * drafts.
 */
export function scrapesWithin(
  scrapes: readonly DueScrape[],
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): { readonly scrapes: readonly Scrape[]; readonly isLoaded: boolean } {
  const within = scrapes.filter(({ dueMs }) => dueMs >= startMs && dueMs <= endMs)
  const spanMs = (within.at(-1)?.dueMs ?? 0) - (within[0]?.dueMs ?? 0)
  if (within.length >= 2 && spanMs >= (endMs - startMs) / 2) return { scrapes: within, isLoaded: true }
  const before = scrapes.filter(({ dueMs }) => dueMs < startMs).slice(-1)
  const after = scrapes.filter(({ dueMs }) => dueMs > endMs).slice(0, 1)
  return { scrapes: [...before, ...within, ...after], isLoaded: after.length === 0 }
}

type Timed = readonly { readonly atMs: number; readonly value: number | null }[]
type Sums = Pick<ServerMetric, 'mean' | 'max' | 'last'>

/** Summary of a window and its time series: one sample per scrape, or one between two scrapes. */
interface Figures extends Sums {
  readonly samples: readonly SeriesSample[]
}

const sixDigits = (value: number): number => Number(value.toPrecision(6))
const rounded = ({ mean, max, last }: Sums): Sums => ({
  mean: sixDigits(mean),
  max: sixDigits(max),
  last: sixDigits(last),
})

const relative = (samples: readonly SeriesSample[], beganMs: number): readonly SeriesSample[] =>
  compactSeries(samples.map(([atMs, value]) => [Math.round(atMs - beganMs), sixDigits(value)] as const))

const finite = (series: Timed): { atMs: number; value: number }[] =>
  series.flatMap(({ atMs, value }) => (value !== null && Number.isFinite(value) ? [{ atMs, value }] : []))

/** The closing scrape comes after the last answer, when queues are empty, so it counts only if there is no other. */
function gauge(series: Timed, isLoaded: boolean, isSilentAt0: boolean): Figures | null {
  const loaded = finite(isLoaded || series.length === 1 ? series : series.slice(0, -1))
  const seen = isSilentAt0 ? loaded.filter(({ value }) => value !== 0) : loaded
  const values = seen.map(({ value }) => value)
  const last = values.at(-1)
  if (last === undefined) return null
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, max: largest(values), last, samples: finite(series).map(({ atMs, value }) => [atMs, value]) }
}

/** Intervals between consecutive scrapes: their end, length in s, and increase. */
function steps(series: Timed): { atMs: number; seconds: number; increase: number }[] {
  const points = finite(series)
  return points.slice(1).map(({ atMs, value }, i) => {
    const before = points[i] ?? { atMs, value }
    return {
      atMs,
      seconds: (atMs - before.atMs) / 1000,
      increase: value >= before.value ? value - before.value : value,
    }
  })
}

function counter(series: Timed, isKeptAt0: boolean): Figures | null {
  const all = steps(series)
  const seconds = all.reduce((sum, step) => sum + step.seconds, 0)
  if (seconds <= 0) return null
  const increase = all.reduce((sum, step) => sum + step.increase, 0)
  if (increase === 0 && !isKeptAt0) return null
  const samples = all.flatMap(({ atMs, seconds: took, increase: more }) =>
    took > 0 ? [[atMs, more / took] as const] : [],
  )
  return { mean: increase / seconds, max: highest(samples), last: increase, samples }
}

function ratio(sums: Timed, counts: Timed): Figures | null {
  const sumSteps = steps(sums)
  const countSteps = steps(counts)
  if (sumSteps.length === 0 || sumSteps.length !== countSteps.length) return null
  const count = countSteps.reduce((all, step) => all + step.increase, 0)
  if (count <= 0) return null
  const samples = countSteps.flatMap(({ atMs, increase }, i) =>
    increase > 0 ? [[atMs, (sumSteps[i]?.increase ?? 0) / increase] as const] : [],
  )
  const mean = sumSteps.reduce((all, step) => all + step.increase, 0) / count
  return { mean, max: highest(samples), last: count, samples }
}

const highest = (samples: readonly SeriesSample[]): number => largest(samples.map(([, value]) => value))

type Kind = 'gauge' | 'counter' | 'distribution'

/** The metric of a sample, and the component of the metric that the sample is; null if the metric is not kept. */
function partOf(
  { name, labels }: Sample,
  types: Exposition['types'],
): { metric: string; part: string; kind: Kind } | null {
  const suffix = /_(g?sum|g?count|bucket)$/.exec(name)
  const base = suffix === null ? name : name.slice(0, -suffix[0].length)
  const declared = types.get(base)
  // Info metrics of OpenMetrics only name a build or model, and gauge histograms have too many buckets.
  if (types.get(name.replace(/_info$/, '')) === 'info') return null
  if (suffix?.[1] === 'bucket' && declared === 'gaugehistogram') return null
  if (suffix !== null && !suffix[1]?.startsWith('g') && (declared === 'histogram' || declared === 'summary'))
    return suffix[1] === 'bucket' ? null : { metric: base, part: `${suffix[1]} `, kind: 'distribution' }
  if (labels.quantile !== undefined) return null
  return {
    metric: name,
    part: '',
    kind: types.get(name) === 'counter' || name.endsWith('_total') ? 'counter' : 'gauge',
  }
}

interface MetricSample {
  readonly sample: Sample
  readonly metric: string
  readonly part: string
  readonly kind: Kind
}

function metricSamples(page: Exposition): readonly MetricSample[] {
  return page.samples.flatMap(sample => {
    const part = isOfItself(sample) ? null : partOf(sample, page.types)
    return part === null ? [] : [{ sample, ...part }]
  })
}

/** For each metric, the labels in which its series differ. Other labels (model, namespace, …) are the same for all. */
function tellingLabels(page: Exposition): ReadonlyMap<string, readonly string[]> {
  const metrics = [...Map.groupBy(metricSamples(page), part => part.metric)]
  return new Map(
    metrics.map(([metric, group]) => {
      const names = new Set(group.flatMap(({ sample }) => Object.keys(sample.labels)))
      const differs = (name: string) => new Set(group.map(({ sample }) => sample.labels[name])).size > 1
      return [metric, [...names].filter(differs).sort()]
    }),
  )
}

type Telling = ReturnType<typeof tellingLabels>

/** `metric{label="…"}`, with only the labels that differ. */
function keyOf({ metric, sample }: MetricSample, telling: Telling): string {
  const labels = (telling.get(metric) ?? []).map(name => `${name}="${sample.labels[name] ?? ''}"`)
  return labels.length === 0 ? metric : `${metric}{${labels.join(',')}}`
}

function seriesOf(page: Exposition, telling: Telling): Map<string, Kind> {
  return new Map(metricSamples(page).map(part => [keyOf(part, telling), part.kind]))
}

/** Values by part and key. NaN, which no figure counts, where a page has several values of one series. */
function valuesOf(page: Exposition, telling: Telling): Map<string, number> {
  const values = new Map<string, number>()
  for (const part of metricSamples(page)) {
    const key = `${part.part}${keyOf(part, telling)}`
    const { value } = part.sample
    values.set(key, (values.get(key) ?? value) === value ? value : Number.NaN)
  }
  return values
}
