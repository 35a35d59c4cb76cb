import { loadLabel } from '../../../analysis/load-label.ts'
import type { PointResult } from '../../../journal/event.ts'
import { counted, deploymentLabel } from '../../../model/index.ts'
import type { Report } from '../../views/report.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { shardsTable } from './shards.ts'
import { scrolling } from './tables.ts'

/** Maximum number of rows of a table. points.csv has all reasons. */
const mostRows = 500

/** Excluded points with reasons, and points with warnings. */
export function validitySection(report: Report): Html {
  const { results, torn } = report.analysis.run
  const out = results.filter(result => result.status !== 'ok')
  const warned = results.filter(result => result.status === 'ok' && result.findings.some(f => f.severity === 'warning'))
  return html`<section id="validity" aria-labelledby="validity-title">
<h2 id="validity-title">Validity</h2>
<p>${
    out.length === 0
      ? results.length === 1
        ? 'The only measurement counts.'
        : `All ${results.length} measurements count.`
      : `${out.length} of ${counted(results.length, 'measurement')} ${out.length === 1 ? 'does' : 'do'} not count: no frontier and no mean includes them.`
  } ${warned.length > 0 ? `${warned.length} of those that count ${warned.length === 1 ? 'has' : 'have'} a warning.` : null} ${torn ? 'The journal ends in the middle of a line because the run was killed; that line is ignored.' : null}</p>
${out.length > 0 ? scrolling(resultsTable('Left out', out, result => [result.reason])) : null}
${
  warned.length > 0
    ? html`<details class="data"><summary>Warnings</summary>${scrolling(
        resultsTable('Warning', warned, result =>
          result.findings.filter(f => f.severity === 'warning').map(f => f.message),
        ),
      )}</details>`
    : null
}
${shardsTable(results)}
</section>`
}

function resultsTable(
  title: string,
  results: readonly PointResult[],
  why: (result: PointResult) => readonly string[],
): Html {
  const rest = results.length - mostRows
  return html`${rest > 0 ? html`<p class="none">The first ${mostRows}; points.csv has ${rest} more.</p>` : null}<table><thead><tr><th>Point</th><th>Deployment</th><th>Workload</th><th>Load</th><th class="n">Repeat</th><th>${title}</th></tr></thead>
<tbody>${results
    .slice(0, mostRows)
    .map(
      result =>
        html`<tr><td><code>${result.point.id}</code></td><td>${deploymentLabel(result.point.deployment)}</td><td>${result.point.workload.name}</td><td>${loadLabel(result.point.load.level)}</td><td class="n">${result.point.repeat}</td><td class="text"><b>${result.status === 'ok' ? '' : `${result.status}: `}</b>${why(result).join('; ')}</td></tr>`,
    )}</tbody></table>`
}
