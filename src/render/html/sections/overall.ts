import type { OverallReport } from '../../views/overall.ts'
import { overallCaveat } from '../../views/overall.ts'
import type { Report } from '../../views/report.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { overallDataTable } from './tables.ts'
import { withSelection } from './workload.ts'

/** All workloads in one chart, with the deployments that use GPUs best. */
export function overallSection(report: Report, overall: OverallReport): Html {
  const onIt = new Map(report.points.map(point => [point.key, point.workload]))
  const shares = overall.workloads.map(name => {
    const count = report.analysis.overallFrontier.filter(point => onIt.get(point.key) === name).length
    return `${count} of workload ${name}`
  })
  const missing = overall.points.some(point => point.slo === 'no') ? ' Hollow: misses the SLO.' : ''
  return html`<section class="workload" id="w-${overall.slug}" data-workload="${overall.slug}" aria-label="All workloads">
<h2>All workloads</h2>
<figure>
<figcaption><h3>Overall Pareto frontier</h3>
<p>Every point of every workload on one plane; the staircase is the frontier over all of them: ${shares.join(', ')}.</p>
<p class="caveat">${overallCaveat}</p></figcaption>
${withSelection(
  html`<div class="chart tall" data-chart="frontier"></div>`,
  html`<p class="key">Colour: deployment. Shape: workload. Large: on the overall frontier. Pale: dominated.${missing}</p>
<div class="shapes" data-shapes></div>`,
)}
<details class="data"><summary>Frontiers of all workloads, as a table</summary>${overallDataTable(report, overall)}</details>
</figure>
</section>`
}
