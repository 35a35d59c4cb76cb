import { type Analysis, analyse } from '../../analysis/analyse.ts'
import { loadLabel } from '../../analysis/load-label.ts'
import type { Run } from '../../journal/run.ts'
import { failedRequestsOf } from '../../metrics/definitions.ts'
import { currencyOf } from '../../metrics/figures/energy.ts'
import { bareName, type Figure, units } from '../../metrics/figures/index.ts'
import { defined } from '../../model/index.ts'
import { fileFormat } from './format.ts'

/**
 * A run's figures as OpenMetrics 1.0 text, for a Prometheus push or textfile collector: one gauge per figure, one
 * sample per point (the mean over its valid repeats), times in seconds. Also the number of results by status, per point
 * and in total, and the failed requests.
 */
export function openMetrics(run: Run): string {
  return openMetricsOf(analyse(run))
}

/** Like {@link openMetrics}, from an existing analysis. */
export function openMetricsOf({ run, figures, workloads, points }: Analysis): string {
  const nameOf = new Map(workloads.flatMap(({ name, points: of }) => of.map(point => [point, name] as const)))
  const labelsOf = (point: (typeof points)[number]) => ({
    sweep: run.manifest.sweep,
    workload: nameOf.get(point) ?? '',
    deployment: point.label,
    ...defined({ variant: point.deployment.variant }),
    load: loadLabel(point.load.level),
    gpus: String(point.gpus),
    point: point.key,
  })
  const lines: string[] = []
  for (const figure of figures) {
    const { name: suffix, factor } = units[figure.unit].base
    const name = metricName(figure, suffix)
    lines.push(`# TYPE ${name} gauge`, `# UNIT ${name} ${suffix}`, `# HELP ${name} ${escaped(helpOf(figure))}`)
    for (const point of points) {
      const value = point.figures[figure.name]?.mean
      if (value === undefined) continue
      const currency = figure.unit === 'per 1M tokens' ? currencyOf(point.valid) : null
      const labels = { ...labelsOf(point), ...(currency === null ? {} : { currency }) }
      lines.push(`${name}${labelsText(labels)} ${value * factor}`)
    }
  }
  lines.push('# TYPE fulcrum_point_results gauge', '# HELP fulcrum_point_results Results of a point by status.')
  for (const point of points) {
    for (const [status, repeats] of Map.groupBy(point.repeats, repeat => repeat.status))
      lines.push(`fulcrum_point_results${labelsText({ ...labelsOf(point), status })} ${repeats.length}`)
  }
  lines.push(
    '# TYPE fulcrum_point_failed_requests gauge',
    '# HELP fulcrum_point_failed_requests Failed requests of a point, of all its results.',
  )
  for (const point of points) {
    const counts = point.repeats.flatMap(({ measurement }) => (measurement && failedRequestsOf(measurement)) ?? [])
    const failed = counts.reduce((sum, count) => sum + count, 0)
    if (counts.length > 0) lines.push(`fulcrum_point_failed_requests${labelsText(labelsOf(point))} ${failed}`)
  }
  lines.push('# TYPE fulcrum_results gauge', '# HELP fulcrum_results Measured points by status.')
  for (const status of ['ok', 'invalid', 'failed'] as const) {
    const count = run.results.filter(result => result.status === status).length
    lines.push(`fulcrum_results${labelsText({ sweep: run.manifest.sweep, status })} ${count}`)
  }
  return `${lines.join('\n')}\n# EOF\n`
}

/** `ttft_p95_ms` becomes `fulcrum_ttft_p95_seconds`: OpenMetrics requires the base unit at the end of the name. */
function metricName(figure: Figure, suffix: string): string {
  const bare = bareName(figure).replace('output_tokens_per_s', 'output').replace('input_tokens_per_s', 'input')
  return `fulcrum_${bare}_${suffix}`
}

const helpOf = ({ title, better }: Figure) => `${title}, mean over valid repeats; ${better} is better.`

function labelsText(labels: { readonly [name: string]: string }): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`
}

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** Export format `openmetrics`: means over valid repeats in base units (seconds, bytes, ratios). */
export const openMetricsFormat = fileFormat(
  { name: 'openmetrics', about: 'gauges for a Prometheus textfile collector or push gateway', file: 'points.prom' },
  openMetrics,
)
