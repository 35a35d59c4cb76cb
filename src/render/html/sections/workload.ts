import { chartsOf } from '../../charts/charts.ts'
import type { Report, WorkloadReport } from '../../views/report.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { frontierDataTable, heatMapTable, latencyDataTable, ratioDataTable, servingModesTable } from './tables.ts'

/** Rows of all tables of points together, so that the page stays below 5 MB. */
const mostRows = 2000

/** All charts of one workload, each with its data as a table. The page shows one workload at a time; without scripts, all. */
export function workloadSection(report: Report, section: WorkloadReport): Html {
  const kinds = chartsOf(report, section, 'page').map(chart => chart.kind)
  const has = (kind: string) => kinds.includes(kind)
  const limit = Math.ceil(mostRows / report.sections.length)
  const drawn = section.points.filter(point => point.x !== null && point.y !== null).length
  const absent = section.points.length - drawn
  const loads = (['concurrency', 'rate'] as const).filter(kind => has(`ttft-${kind}`))
  return html`<section class="workload" id="w-${section.slug}" data-workload="${section.slug}" aria-label="Workload ${section.analysis.name}">
<h2>Workload ${section.analysis.name}</h2>
<figure class="wide">
<figcaption><h3>Pareto frontier</h3>
<p>Each mark is a point. The staircase is the frontier: nothing measured is better on both axes. Thin lines follow a deployment from light to heavy load. ${
    absent > 0 ? `${absent} of ${section.points.length} points have no place on it (failed, or not streamed).` : null
  }</p></figcaption>
<div class="legend" data-legend></div>
<div class="with-detail"><div><div class="chart tall" data-chart="frontier"></div>
<p class="key">${keyLine(section)}</p>
<div class="spreads" role="group" aria-label="Latency distributions of the selected point"></div>
<div class="courses" role="group" aria-label="Server metrics of the selected point over time"></div></div>
<aside class="detail" aria-live="polite" aria-label="Selected point"></aside></div>
${dataTable('All points of the workload', frontierDataTable(section, report.analysis.figures, limit))}
</figure>
<div class="pair">
${
  has('ratio')
    ? html`<figure><figcaption><h3>Throughput per GPU against the prefill:decode ratio</h3>
<p>Each deployment at its best load${hasSlo(section) ? ' that meets the SLO' : ''}; all its GPUs count.</p></figcaption>
<div class="chart" data-chart="ratio"></div>${dataTable('Best load of each deployment', ratioDataTable(section))}</figure>`
    : null
}
${
  has('heat-map')
    ? html`<figure><figcaption><h3>Throughput per GPU over prefill × decode</h3>
<p>Output tokens/s per GPU at the best load; the stronger the colour, the more.</p></figcaption>
<div class="chart" data-chart="heat-map"></div>${dataTable('Tokens/s per GPU', heatMapTable(section))}</figure>`
    : null
}
${has('ratio') && !has('heat-map') ? servingModes(section, '') : null}
${!has('ratio') ? servingModes(section, 'wide') : null}
</div>
${loads.map(
  kind => html`<figure class="wide"><figcaption><h3>Latency against ${kind === 'concurrency' ? 'concurrency' : 'request rate'}</h3>
<p>Large marks are knees: beyond them latency grows faster than throughput.</p></figcaption>
<div class="switch" role="group" aria-label="Percentile" data-percentiles></div>
<div class="pair"><div><h4>Time to first token</h4><div class="chart" data-chart="ttft-${kind}"></div></div><div><h4>Inter-token latency</h4><div class="chart" data-chart="itl-${kind}"></div></div></div>
${dataTable('Latency by load', latencyDataTable(section, kind, limit))}</figure>`,
)}
${has('heat-map') ? servingModes(section, 'wide') : null}
</section>`
}

function servingModes(section: WorkloadReport, size: 'wide' | ''): Html {
  return html`<figure class="${size}"><figcaption><h3>Aggregated against disaggregated on equal GPUs</h3>
<p>Best of each kind${hasSlo(section) ? ', under the SLO where it can' : ''}, by output tokens/s per GPU.</p></figcaption>
${servingModesTable(section)}</figure>`
}

const hasSlo = (section: WorkloadReport) => section.points.some(point => point.slo !== 'no SLO')

function keyLine(section: WorkloadReport): string {
  const said = ['Large: on the frontier. Pale: dominated.']
  if (section.points.some(point => point.slo === 'no')) said.push('Hollow: misses the SLO.')
  if (section.points.some(point => point.status !== 'ok')) said.push('Cross: invalid, never on the frontier.')
  if (section.points.some(point => point.xLow !== null))
    said.push('Whiskers: 95 % confidence interval of the mean over repeats.')
  if (section.points.some(point => point.recommended)) said.push('Ring: recommended.')
  return said.join(' ')
}

function dataTable(title: string, table: Html): Html {
  return html`<details class="data"><summary>${title}, as a table</summary>${table}</details>`
}
