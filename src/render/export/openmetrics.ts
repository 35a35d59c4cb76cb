import { analyse } from '../../analysis/analyse.ts'
import type { Figure } from '../../analysis/figures.ts'
import { figures } from '../../analysis/figures.ts'
import { loadLabel } from '../../analysis/load-label.ts'
import type { Run } from '../../journal/run.ts'

/** OpenMetrics wants seconds, and a unit at the end of the name. */
const units: { readonly [unit in Figure['unit']]: { readonly suffix: string; readonly factor: number } } = {
  ms: { suffix: 'seconds', factor: 1e-3 },
  'tokens/s': { suffix: 'tokens_per_second', factor: 1 },
  'requests/s': { suffix: 'requests_per_second', factor: 1 },
  'tokens/s/user': { suffix: 'tokens_per_second', factor: 1 },
  'tokens/s/GPU': { suffix: 'tokens_per_second', factor: 1 },
}

/**
 * A run's figures as OpenMetrics 1.0 text, for a Prometheus push or textfile collector: one gauge a figure, one sample a point (the
 * mean over its valid repeats), times in seconds; how many results have which status, of each point and in all; and failed requests.
 */
export function openMetrics(run: Run): string {
  const { workloads, points } = analyse(run)
  const nameOf = new Map(workloads.flatMap(({ name, points: of }) => of.map(point => [point, name] as const)))
  const labelsOf = (point: (typeof points)[number]) => ({
    sweep: run.manifest.sweep,
    workload: nameOf.get(point) ?? '',
    deployment: point.label,
    load: loadLabel(point.load.level),
    gpus: String(point.gpus),
    point: point.key,
  })
  const lines: string[] = []
  for (const figure of figures) {
    const { suffix, factor } = units[figure.unit]
    const name = metricName(figure.name, suffix)
    lines.push(`# TYPE ${name} gauge`, `# UNIT ${name} ${suffix}`, `# HELP ${name} ${escaped(helpOf(figure))}`)
    for (const point of points) {
      const value = point.figures[figure.name]?.mean
      if (value === undefined) continue
      lines.push(`${name}${labelsText(labelsOf(point))} ${value * factor}`)
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
    const counts = point.repeats.flatMap(({ measurement }) => measurement?.requests.failed ?? [])
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

/** `ttft_p95_ms` becomes `fulcrum_ttft_p95_seconds`; the unit comes last and once. */
function metricName(figure: string, suffix: string): string {
  const bare = figure
    .replace(/_ms$/, '')
    .replace('output_tokens_per_s', 'output')
    .replace('input_tokens_per_s', 'input')
  return `fulcrum_${bare}_${suffix}`
}

const helpOf = ({ title, better }: Figure) => `${title}, mean over valid repeats; ${better} is better.`

function labelsText(labels: { readonly [name: string]: string }): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`
}

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
