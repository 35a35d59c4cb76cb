import { loadLabel, shortLoad } from '../../../analysis/load-label.ts'
import type { MeasuredPoint } from '../../../analysis/measured-point.ts'
import type { Figure } from '../../../metrics/figures/index.ts'
import { change, figure, time, valueText } from '../../views/format.ts'
import type { OverallReport } from '../../views/overall.ts'
import { workloadNames } from '../../views/overall.ts'
import { tableFigures } from '../../views/point-figures.ts'
import type { Report, WorkloadReport } from '../../views/report.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'

/** A table that scrolls sideways on a narrow screen. */
export function scrolling(table: Html): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table">${table}</div>`
}

/** A cell of a figure: rounded text, and the exact number as an attribute. */
const number = (value: number | null | undefined, text: string): Html =>
  html`<td class="n" data-v="${value ?? ''}">${text}</td>`

/** The header of a figure names its column of points.csv. */
const head = (title: string, name: string): Html => html`<th class="n" data-figure="${name}">${title}</th>`

const heads = (figures: readonly Figure[]) => figures.map(({ name, title, short = title }) => head(short, name))
const cells = (figures: readonly Figure[], point: MeasuredPoint) =>
  figures.map(of => number(point.figures[of.name]?.mean, valueText(of, point.figures[of.name]?.mean)))
const timed = (name: string, point: MeasuredPoint) => number(point.figures[name]?.mean, time(point.figures[name]?.mean))

/** Every point of a workload. Points on the frontier come first, by rising interactivity. */
export function frontierDataTable(
  section: WorkloadReport,
  { analysis }: Pick<Report, 'analysis'>,
  limit: number,
): Html {
  const shownFigures = tableFigures(analysis.figures, analysis.points)
  const standing = new Map(section.points.map(point => [point.key, point]))
  const onFrontier = new Set(section.analysis.frontier)
  const all = [...section.analysis.frontier, ...section.analysis.points.filter(point => !onFrontier.has(point))]
  const ordered = all.slice(0, limit)
  const hasVariants = all.some(({ deployment }) => deployment.variant !== undefined)
  const variantOf = (point: MeasuredPoint) => (hasVariants ? html`<td>${point.deployment.variant ?? ''}</td>` : null)
  return html`${leftOut(all.length, limit)}${scrolling(html`<table><thead><tr><th>Deployment</th>${hasVariants ? html`<th>Variant</th>` : null}<th>Load</th><th class="n">GPUs</th>${heads(shownFigures)}<th>SLO</th><th>Standing</th></tr></thead>
<tbody>${ordered.map(point => {
    const shown = standing.get(point.key)
    return html`<tr data-key="${point.key}" data-status="${point.status}"><td><a href="#point=${point.key}">${point.label}</a></td>${variantOf(point)}<td>${loadLabel(point.load.level)}</td><td class="n">${point.gpus}</td>${cells(shownFigures, point)}<td>${shown?.slo ?? ''}</td><td>${shown?.standing ?? ''}</td></tr>`
  })}</tbody></table>`)}`
}

/** Rows of the table over all workloads. */
const mostOverall = 500

/**
 * The overall frontier by rising interactivity, then the rest of each workload's frontier, because no other point can
 * be on it.
 */
export function overallDataTable(report: Report, overall: OverallReport): Html {
  const { overallFrontier, workloads } = report.analysis
  const figures = tableFigures(report.analysis.figures, report.analysis.points)
  const names = workloadNames(report.analysis)
  const standing = new Map(overall.points.map(point => [point.key, point.standing]))
  const onIt = new Set(overallFrontier)
  const rest = workloads.flatMap(workload => workload.frontier.filter(point => !onIt.has(point)))
  const all = [...overallFrontier, ...rest]
  return html`${leftOut(all.length, mostOverall)}${scrolling(html`<table><thead><tr><th>Workload</th><th>Deployment</th><th>Load</th><th class="n">GPUs</th>${heads(figures)}<th>Standing</th></tr></thead>
<tbody>${all
    .slice(0, mostOverall)
    .map(
      point =>
        html`<tr data-key="${point.key}" data-status="${point.status}"><td>${names.get(point) ?? ''}</td><td><a href="#workload=${overall.slug}&amp;point=${point.key}">${point.label}</a></td><td>${loadLabel(point.load.level)}</td><td class="n">${point.gpus}</td>${cells(figures, point)}<td>${standing.get(point.key) ?? ''}</td></tr>`,
    )}</tbody></table>`)}`
}

/** Latency percentiles by deployment and rising load. */
export function latencyDataTable(section: WorkloadReport, kind: 'concurrency' | 'rate', limit: number): Html {
  const reasons = section.points.some(({ ttfoP95 }) => ttfoP95 !== undefined)
  const names = ['ttft', ...(reasons ? ['ttfo'] : []), 'itl'].flatMap(metric =>
    ['p50', 'p95', 'p99'].map(percentile => `${metric}_${percentile}_ms`),
  )
  const all = section.analysis.curves
    .filter(curve => curve.kind === kind)
    .flatMap(curve => curve.points.map(point => ({ point, knee: point === curve.knee })))
  return html`${leftOut(all.length, limit)}${scrolling(html`<table><thead><tr><th>Deployment</th><th>Load</th>${names.map(name => head(`${name.slice(0, name.indexOf('_')).toUpperCase()} ${name.slice(-6, -3)}`, name))}<th></th></tr></thead>
<tbody>${all
    .slice(0, limit)
    .map(
      ({ point, knee }) =>
        html`<tr><td>${point.label}</td><td>${loadLabel(point.load.level)}</td>${names.map(name => timed(name, point))}<td>${knee ? 'knee' : ''}</td></tr>`,
    )}</tbody></table>`)}`
}

/** A page for phones can't have ten thousand rows. The table shows how many it omits. */
function leftOut(count: number, limit: number): Html | null {
  if (count <= limit) return null
  return html`<p class="none">The first ${limit} of ${count} points; points.csv has all.</p>`
}

/** The best load of each deployment, most throughput per GPU first. */
export function ratioDataTable(section: WorkloadReport, limit: number): Html {
  const all = section.ratios.toSorted((a, b) => b.y - a.y)
  const rows = all.slice(0, limit)
  return html`${leftOut(all.length, limit)}${scrolling(html`<table><thead><tr><th>Deployment</th><th class="n">Prefill</th><th class="n">Decode</th><th class="n">GPUs</th><th class="n">Tokens/s per GPU</th><th>At</th><th>SLO</th></tr></thead>
<tbody>${rows.map(
    row =>
      html`<tr><td>${row.deployment}</td><td class="n">${row.prefill}</td><td class="n">${row.decode}</td><td class="n">${row.gpus}</td>${number(row.y, figure(row.y))}<td>${row.load}</td><td>${row.slo}</td></tr>`,
  )}</tbody></table>`)}`
}

/** One row for each GPU count that was measured both aggregated and disaggregated. */
export function servingModesTable(section: WorkloadReport): Html {
  const rows = section.analysis.servingModes
  if (rows.length === 0)
    return html`<p class="none">No GPU count was measured both ways. Aggregated and disaggregated deployments are compared only on equal GPUs: add an aggregated topology with the same number of GPUs.</p>`
  const verdicts = { shown: 'shown at 95%', 'not-shown': 'no difference shown', unknown: 'measured once' }
  const side = (point: MeasuredPoint, meets: boolean) =>
    html`<td data-v="${point.y?.mean ?? ''}"><b>${figure(point.y?.mean)}</b> <span>${point.label}, ${shortLoad(point.load.level)}</span>${meets ? null : html` <em>misses SLO</em>`}</td>`
  return scrolling(html`<table class="stacked"><thead><tr><th>GPUs</th><th data-figure="output_tokens_per_s_per_gpu">Aggregated</th><th data-figure="output_tokens_per_s_per_gpu">Disaggregated</th><th>Change</th></tr></thead>
<tbody>${rows.map(
    row =>
      html`<tr><td><b>${row.gpus}</b></td>${side(row.aggregated, row.aggregatedMeetsSlo)}${side(row.disaggregated, row.disaggregatedMeetsSlo)}<td><b>${change(row.gain.relative)}</b> <span>${verdicts[row.gain.verdict]}</span></td></tr>`,
  )}</tbody></table>`)
}

/** The cells of the heat map as a table: prefill × decode workers. */
export function heatMapTable(section: WorkloadReport): Html {
  const best = section.ratios.filter(row => row.kind === 'disaggregated' && row.bestOfCell)
  const sorted = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b)
  const decodes = sorted(best.map(row => row.decode))
  return scrolling(html`<table><thead><tr><th>Prefill \\ decode</th>${decodes.map(decode => html`<th class="n">${decode}</th>`)}</tr></thead>
<tbody>${sorted(best.map(row => row.prefill)).map(
    prefill =>
      html`<tr><th>${prefill}</th>${decodes.map(decode => {
        const cell = best.find(row => row.prefill === prefill && row.decode === decode)
        return number(cell?.y, figure(cell?.y))
      })}</tr>`,
  )}</tbody></table>`)
}
