import { counted } from '../../../model/index.ts'
import type { Report } from '../../views/report.ts'
import { wholeRunNote, wholeRuns } from '../../views/whole-runs.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { scrolling } from './tables.ts'

/** Maximum number of rows. The journal has the whole run of every point. */
const mostRows = 500

/** Points whose whole run differs from their steady window; null if there are none. */
export function wholeRunsSection({ analysis }: Report): Html | null {
  const rows = wholeRuns(analysis)
  const [first] = rows
  if (first === undefined) return null
  return html`<section id="whole-runs" aria-labelledby="whole-runs-title">
<h2 id="whole-runs-title">Whole runs</h2>
<p>${wholeRunNote}</p>
<details class="data"><summary>${rows.length} of ${counted(analysis.points.length, 'point')} whose whole run differs, as a table</summary>${
    rows.length > mostRows ? html`<p class="none">The first ${mostRows}; the journal has all.</p>` : null
  }${scrolling(html`<table><thead><tr><th>Workload</th><th>Deployment</th><th>Load</th>${first.figures.map(
    ({ title }) => html`<th class="n">${title}: steady</th><th class="n">Whole</th><th class="n">Change</th>`,
  )}</tr></thead>
<tbody>${rows
    .slice(0, mostRows)
    .map(
      ({ key, workload, deployment, load, figures }) =>
        html`<tr><td>${workload}</td><td><a href="#point=${key}">${deployment}</a></td><td>${load}</td>${figures.map(
          ({ steady, whole, change }) =>
            html`<td class="n">${steady}</td><td class="n">${whole}</td><td class="n">${change}</td>`,
        )}</tr>`,
    )}</tbody></table>`)}</details>
</section>`
}
