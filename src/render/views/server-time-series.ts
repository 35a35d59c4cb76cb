import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import { metricNamed } from '../../engines/index.ts'
import type { Measurement, ServerMetric } from '../../metrics/measurement.ts'
import { largest } from '../../model/index.ts'
import { compactSeries, type SeriesSample } from '../../telemetry/series.ts'
import { gpuLines, gpuPanels } from './gpu-time-series.ts'

/** Charts of the server's metrics. */
const serverPanels = ['running', 'waiting', 'kv', 'ttft'] as const
type ServerPanel = (typeof serverPanels)[number]

/** All time series charts of a point: metrics of its server, then its GPUs. */
const timeSeriesPanels = [...serverPanels, ...gpuPanels] as const
/** A chart of {@link timeSeriesPanels}. */
export type TimeSeriesPanel = (typeof timeSeriesPanels)[number]

/** Time series of one metric and source during a point. */
export interface TimeSeriesLine {
  readonly panel: TimeSeriesPanel
  /** `frontend`, `prefill-0`, `prefill GPUs`, … */
  readonly source: string
  /** The server's name for the metric. */
  readonly metric: string
  /** Seconds since the window began, and requests, percent of the KV cache, ms, or the unit of a GPU chart. */
  readonly samples: readonly SeriesSample[]
}

/** Server names of each metric; the first is closest to the scheduler. */
const names: { readonly [panel in ServerPanel]: readonly RegExp[] } = {
  running: [
    metricNamed('running', 'running_requests'),
    /active_slots|active_requests/,
    /inflight_requests(?!.*endpoint="(?!generate))/,
  ],
  waiting: [metricNamed('waiting', 'waiting_requests'), /queued_requests/, /request_queue$|queue_depth$/],
  kv: [metricNamed('kvCacheUsage', 'kv_cache_usage', 'gpu_cache_usage', 'kv_usage')],
  ttft: [/^(?!.*worker_last).*time_to_first_token/],
}

/** Maximum lines per chart. If there are more workers, the busiest ones are shown. */
const mostLines = 8

/** Time series of a point's first valid repeat that has any, one line per source and chart. */
export function timeSeriesOf(point: MeasuredPoint): readonly TimeSeriesLine[] {
  const lines = point.valid.map(linesOf).find(found => found.length > 0) ?? []
  return timeSeriesPanels.flatMap(panel => busiest(lines.filter(line => line.panel === panel)))
}

function linesOf(measurement: Measurement): readonly TimeSeriesLine[] {
  const { server } = measurement
  const ofServer = Object.entries(server ?? {}).flatMap(([source, metrics]) =>
    serverPanels.flatMap(panel => {
      const found = firstOf(metrics, names[panel])
      return found === null ? [] : [{ panel, source, metric: found.metric, samples: scaled(panel, found.series) }]
    }),
  )
  return [...ofServer, ...gpuLines(measurement)]
}

function firstOf(
  metrics: { readonly [metric: string]: ServerMetric },
  patterns: readonly RegExp[],
): { readonly metric: string; readonly series: readonly SeriesSample[] } | null {
  for (const pattern of patterns)
    for (const [metric, { series }] of Object.entries(metrics))
      if (series !== undefined && series.length > 0 && pattern.test(metric)) return { metric, series }
  return null
}

/** Engines report KV cache use as a share or in percent, and times in seconds. */
function scaled(panel: ServerPanel, series: readonly SeriesSample[]): readonly SeriesSample[] {
  const factor = panel === 'ttft' ? 1000 : panel === 'kv' && series.every(([, value]) => value <= 1) ? 100 : 1
  return series.map(([atMs, value]) => [atMs / 1000, value * factor])
}

function busiest(lines: readonly TimeSeriesLine[]): readonly TimeSeriesLine[] {
  if (lines.length <= mostLines) return lines
  const peak = ({ samples }: TimeSeriesLine) => largest(samples.map(([, value]) => value))
  const kept = new Set(lines.toSorted((a, b) => peak(b) - peak(a)).slice(0, mostLines))
  return lines.filter(line => kept.has(line))
}

/** Approximate size of a sample in the page's JSON. */
const bytesPerSample = 11

/** Samples per line, descending. Uses the first count at which all points fit. */
const steps = [120, 60, 30]

/**
 * Time series of as many points as fit. Uses the largest number of samples at which all points fit, otherwise the
 * smallest number for the most informative points. The rest stays in the journal.
 *
 * @param points most informative first
 */
export function timeSeriesWithin(
  points: readonly MeasuredPoint[],
  mostBytes = 620_000,
): ReadonlyMap<string, readonly TimeSeriesLine[]> {
  const all = points.flatMap(point => {
    const lines = timeSeriesOf(point)
    return lines.length === 0 ? [] : [{ key: point.key, lines }]
  })
  const room = mostBytes / bytesPerSample
  const count = (lines: readonly TimeSeriesLine[], most: number) =>
    lines.reduce((sum, { samples }) => sum + Math.min(samples.length, most), 0)
  const total = (most: number) => all.reduce((sum, { lines }) => sum + count(lines, most), 0)
  const most = steps.find(step => total(step) <= room) ?? steps.at(-1) ?? 0
  const kept = new Map<string, readonly TimeSeriesLine[]>()
  let used = 0
  for (const { key, lines } of all) {
    used += count(lines, most)
    if (used > room) break
    kept.set(
      key,
      lines.map(line => ({ ...line, samples: compactSeries(line.samples, most) })),
    )
  }
  return kept
}
