import { originOf } from '../../../analysis/origin.ts'
import { shellCommand } from '../../../model/index.ts'
import { counted, duration, figure } from '../../views/format.ts'
import type { Report } from '../../views/report.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { scrolling } from './tables.ts'

/** Hardware, software and commands to reproduce the run. */
export function environmentSection(report: Report): Html {
  const { run } = report.analysis
  const { manifest } = run
  const { host, git } = manifest
  const { deployer, about } = originOf(manifest)
  const facts: readonly (readonly [string, string])[] = [
    ['Deployed with', [deployer, about].filter(text => text !== '').join(', ')],
    ['Host', `${host.name}: ${host.cpu}, ${host.cores} cores, ${figure(host.memoryGib)} GiB, ${host.os}`],
    ['Model', [...new Set(run.results.map(result => result.point.deployment.model.name))].join(', ')],
    [
      'Load generator',
      [
        ...new Set(
          run.results.flatMap(r =>
            r.measurement ? [`${r.measurement.generator.name} ${r.measurement.generator.version}`] : [],
          ),
        ),
      ].join(', '),
    ],
    [
      'Versions',
      Object.entries(manifest.versions)
        .map(([system, version]) => `${system} ${version}`)
        .join(', '),
    ],
    [
      'Git revision',
      git === null ? 'not in a repository' : `${git.revision}${git.dirty ? ' with uncommitted changes' : ''}`,
    ],
    ['Started', manifest.createdAt],
    ['Run', `${manifest.runId}, ${run.ended === null ? 'not ended' : run.ended.outcome}`],
  ]
  return html`<section id="environment" aria-labelledby="environment-title">
<h2 id="environment-title">Environment and how to repeat</h2>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<h3>Command</h3>
<pre><code>${shellCommand(manifest.command)}</code></pre>
<details class="data"><summary>Sweep file ${manifest.sweepFile}</summary><pre><code>${manifest.sweepText}</code></pre></details>
<details class="data"><summary>${counted(run.deployments.length, 'deployment')}, in the order they ran</summary>${scrolling(html`<table><thead><tr><th>Deployment</th><th>Outcome</th><th class="n">Workers started</th><th class="n">Stopped</th><th class="n">Took</th><th>Reason</th></tr></thead>
<tbody>${run.deployments.map(d => html`<tr><td>${d.label}</td><td>${d.outcome}</td><td class="n">${d.workersStarted}</td><td class="n">${d.workersStopped}</td><td class="n">${duration(d.elapsedS)}</td><td class="text">${d.reason}</td></tr>`)}</tbody></table>`)}</details>
</section>`
}
