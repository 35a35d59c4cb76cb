import { chartsOf, type DrawnChart } from '../../charts/registry.ts'
import type { WorkloadChart } from '../../charts/workload-chart.ts'
import type { Report, WorkloadReport } from '../../views/report.ts'
import { sectionHasSlo } from '../../views/report.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { servingModesTable } from './tables.ts'

/** Maximum number of rows in all tables of points together, to keep the page below 5 MB. */
const mostRows = 1000

/**
 * All charts of one workload, each with its data as a table. The page shows one workload at a time, or all without
 * scripts.
 */
export function workloadSection(
  report: Report,
  section: WorkloadReport,
  charts: readonly WorkloadChart[] | undefined,
): Html {
  const limit = Math.ceil(mostRows / report.sections.length)
  const { name } = section.analysis
  const figures = chartsOf(report, section, 'page', charts).map(drawn => ({
    size: drawn.chart.size,
    html: figureOf(drawn, report, section, limit),
  }))
  return html`<section class="workload" id="w-${section.slug}" data-workload="${section.slug}" aria-label="Workload ${name}">
<h2>Workload ${name}</h2>
${shownOf(report, section)}
${rowsOf([...figures, { size: 'half', html: servingModes(section) }]).map(row =>
  row.length === 1 ? html`${row}\n` : html`<div class="pair">${row}</div>\n`,
)}
</section>`
}

/** States how much of a large run its charts show; null if they show everything. */
function shownOf({ series, deployments }: Report, { drawn, points }: WorkloadReport): Html | null {
  if (drawn.length === points.length) return null
  return html`<p class="caveat">The charts show ${series.length} of ${deployments} deployments: those that are recommended or on a frontier, those with points that do not count, and an even pick of the others. All of them count in what is said here; points.csv has every point.</p>`
}

interface Figure {
  readonly size: 'wide' | 'half'
  readonly html: Html
}

/** Arranges charts in rows. A half-width chart shares its row with the next one, or fills it if there is none. */
function rowsOf(figures: readonly Figure[]): readonly (readonly Html[])[] {
  const [first, ...rest] = figures
  if (first === undefined) return []
  const partner = first.size === 'wide' ? undefined : rest.find(({ size }) => size === 'half')
  if (partner === undefined) return [[first.html], ...rowsOf(rest)]
  return [[first.html, partner.html], ...rowsOf(rest.filter(figure => figure !== partner))]
}

function figureOf({ chart, panels }: DrawnChart, report: Report, section: WorkloadReport, limit: number): Html {
  const places = panels.map(({ kind, heading }) => {
    const place = html`<div class="chart${chart.kind === 'frontier' ? ' tall' : ''}" data-chart="${kind}"></div>`
    return heading === undefined ? place : html`<div><h4>${heading}</h4>${place}</div>`
  })
  const pictures = places.length === 1 ? html`${places}` : html`<div class="pair">${places}</div>`
  return html`<figure><figcaption><h3>${chart.title}</h3>
<p>${chart.about(section)}</p></figcaption>
${chart.percentiles ? html`<div class="switch" role="group" aria-label="Percentile" data-percentiles></div>` : null}
${chart.kind === 'frontier' ? withSelection(pictures, html`<p class="key">${keyLine(section)}</p>`) : pictures}
<details class="data"><summary>${chart.table.title}, as a table</summary>${chart.table.of(section, report, limit)}</details>
</figure>`
}

/**
 * A chart in which points are selected, with the legend above it, the selected point next to it (below it on a phone),
 * and its time series below both.
 */
export function withSelection(chart: Html, key: Html): Html {
  return html`<div class="switch" role="group" aria-label="Variant" data-variants hidden></div>
<div class="legend" data-legend></div>
<div class="with-detail"><div class="main">${chart}
<div data-zoom></div>
${key}</div>
<aside class="detail" aria-live="polite" aria-label="Selected point"></aside>
<div class="more-detail"><div class="spreads" role="group" aria-label="Latency distributions of the selected point"></div>
<div class="time-series" role="group" aria-label="Server metrics of the selected point over time"></div></div></div>`
}

function servingModes(section: WorkloadReport): Html {
  return html`<figure><figcaption><h3>Aggregated against disaggregated on equal GPUs</h3>
<p>Best of each kind${sectionHasSlo(section) ? ', under the SLO where it can' : ''}, by output tokens/s per GPU.</p></figcaption>
${servingModesTable(section)}</figure>`
}

function keyLine(section: WorkloadReport): string {
  const said = ['Large: on the frontier. Pale: dominated.']
  if (section.points.some(point => point.slo === 'no')) said.push('Hollow: misses the SLO.')
  if (section.points.some(point => point.status !== 'ok')) said.push('Cross: invalid, never on the frontier.')
  if (section.points.some(point => point.xLow !== null))
    said.push('Whiskers: 95% confidence interval of the mean over repeats.')
  if (section.points.some(point => point.recommended)) said.push('Ring: recommended.')
  return said.join(' ')
}
