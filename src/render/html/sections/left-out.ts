import { loadLabel } from '../../../analysis/load-label.ts'
import { leftOutReasons } from '../../../journal/index.ts'
import { deploymentLabel } from '../../../model/index.ts'
import { leftOutPoints, leftOutSummary } from '../../views/left-out.ts'
import type { Report } from '../../views/report.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { scrolling } from './tables.ts'

/** Maximum number of rows. points.csv has all. */
const mostRows = 300

/** The points that an adaptive search skipped, with reasons; null for a grid. */
export function leftOutSection({ analysis: { run } }: Report): Html | null {
  const all = leftOutPoints(run)
  if (all.length === 0) return null
  const levels = all.filter(({ reason }) => reason !== 'repeat')
  return html`<section id="left-out" aria-labelledby="left-out-title">
<h2 id="left-out-title">Left out by the search</h2>
<p>The search measured what could still win. Figures of what it left out are expectations from the points beside it, not measurements.</p>
<ul>${leftOutSummary(run).map(line => html`<li>${line}</li>`)}</ul>
${
  levels.length === 0
    ? null
    : html`<details class="data"><summary>Every load level that was left out</summary>${scrolling(html`<table><thead><tr><th>Deployment</th><th>Workload</th><th>Load</th><th>Reason</th><th>Why</th></tr></thead>
<tbody>${levels
        .slice(0, mostRows)
        .map(
          ({ deployment, workload, load, reason, why }) =>
            html`<tr><td>${deploymentLabel(deployment)}</td><td>${workload.name}</td><td>${loadLabel(load.level)}</td><td class="text">${leftOutReasons[reason]}</td><td class="text">${why}</td></tr>`,
        )}</tbody></table>`)}${levels.length > mostRows ? html`<p class="none">The first ${mostRows}; points.csv has ${levels.length - mostRows} more.</p>` : null}</details>`
}
</section>`
}
