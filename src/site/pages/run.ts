import type { Html } from '../../render/html/html.ts'
import { html, jsonForScript } from '../../render/html/html.ts'
import { vegaConfigOf } from '../../render/html/render.ts'
import { scrolling } from '../../render/html/sections/tables.ts'
import { dark, light, shapes } from '../../render/html/theme.ts'
import { counted } from '../../render/views/format.ts'
import type { RunSummary } from '../catalogue.ts'
import type { SiteResponse } from '../response.ts'
import type { RunFile } from '../run-files.ts'
import { pathTo } from '../target.ts'
import type { SiteAssets } from './layout.ts'
import { layout } from './layout.ts'
import { state } from './runs.ts'

/**
 * The page of a run: progress, a frontier that grows as points arrive, facts and files.
 * @param siblings runs of the same sweep including this one, newest first
 * @param ownFolder whether the folder holds only runs of this sweep, so that it has a history
 */
export function runPage(
  assets: SiteAssets,
  run: RunSummary,
  siblings: readonly RunSummary[],
  files: readonly RunFile[],
  ownFolder: boolean,
): SiteResponse {
  const { sweep, run: name } = run.place
  const own = pathTo('runs', sweep, name)
  const main = html`
<section class="links"><a href="${own}/report">Report</a>${siblings.length > 1 && ownFolder ? html`<a href="${pathTo('history', sweep)}">History of ${run.sweep}</a>` : null}${against(run, siblings)}</section>
<section aria-labelledby="progress-title">
<h2 id="progress-title">Progress</h2>
<p class="progress-line"><progress max="${run.points.planned}" value="${run.points.ok + run.points.invalid + run.points.failed}" data-progress aria-label="Points measured"></progress> <span data-count role="status"></span></p>
<p class="none" data-latest aria-live="polite"></p>
<ul class="none" data-latest-figures aria-label="Latencies, queues and GPUs of the latest point"></ul>
<div class="now" data-now hidden>
<h3>Now</h3>
<p data-now-what></p>
<dl class="tiles" data-now-load></dl>
<ul class="none" data-now-lines aria-label="Queues and GPUs now"></ul>
</div>
</section>
<section aria-labelledby="frontier-title">
<h2 id="frontier-title">Pareto frontier</h2>
<p class="hint">Each mark is a point; it opens in the report. The staircase is the frontier so far: nothing measured is better on both axes.</p>
<div class="legend" data-legend></div>
<div class="pair" data-charts></div>
<details class="data"><summary>The frontier, as a table</summary>${scrolling(html`<table><thead><tr><th>Workload</th><th>Deployment</th><th>Load</th><th class="n">Tokens/s per user</th><th class="n">Tokens/s per GPU</th><th>SLO</th></tr></thead><tbody data-frontier></tbody></table>`)}</details>
<noscript><p class="noscript">Drawing as points arrive needs scripts; the report has pictures and tables without.</p></noscript>
</section>
<section><h2>About this run</h2>${facts(run)}</section>
<section><h2>Files</h2>${fileList(own, files)}</section>`
  return layout(assets, {
    title: run.sweep,
    trail: [{ href: '/', text: 'All runs' }],
    head: html`<p class="meta"><time datetime="${run.createdAt}">${run.createdAt.slice(0, 16).replace('T', ' ')} UTC</time> · <span data-state-text>${state(run)}</span>${run.isBaseline ? html` · <b class="tag">baseline</b>` : null}</p>`,
    main,
    scripts: assets.run,
    data: jsonForScript({
      events: `${own}/events`,
      report: `${own}/report`,
      shapes,
      themes: {
        light: { ...light, config: vegaConfigOf(light) },
        dark: { ...dark, config: vegaConfigOf(dark) },
      },
    }),
  })
}

/** Links that compare this run with the sweep's baseline and with the previous run. */
function against(run: RunSummary, siblings: readonly RunSummary[]): Html {
  const older = siblings.slice(siblings.indexOf(run) + 1)
  const bases = [
    { title: 'the baseline', base: siblings.find(other => other.isBaseline && other !== run) },
    { title: 'the run before', base: older[0] },
  ]
  const place = ({ place: { sweep, run: name } }: RunSummary) => `${sweep}/${name}`
  return html`${bases.map(({ title, base }) =>
    base === undefined
      ? null
      : html`<a href="/compare?${new URLSearchParams({ base: place(base), head: place(run) }).toString()}">Compare with ${title}</a>`,
  )}`
}

function facts(run: RunSummary): Html {
  const said: readonly (readonly [string, string])[] = [
    ['Run', run.runId],
    ['Deployed with', run.deployer],
    // Known from the first point on.
    ...(run.models.length === 0 ? [] : [['Model', run.models.join(', ')] as const]),
    ['Revision', run.revision === '' ? 'not in a repository' : run.revision],
    ['Host', run.host],
    ['Folder', run.folder],
    ...(run.problem === '' ? [] : [['Problem', run.problem] as const]),
  ]
  return html`<dl class="facts">${said.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function fileList(own: string, files: readonly RunFile[]): Html {
  if (files.length === 0) return html`<p class="none">None.</p>`
  return html`<details class="data"><summary>${counted(files.length, 'file')}</summary><ul class="files">${files.map(
    ({ segments, size }) =>
      html`<li><a href="${own}/files${pathTo(...segments)}">${segments.join('/')}</a> <span>${bytes(size)}</span></li>`,
  )}</ul></details>`
}

function bytes(size: number): string {
  if (size < 1000) return `${size} B`
  if (size < 1e6) return `${(size / 1e3).toFixed(1)} kB`
  return `${(size / 1e6).toFixed(1)} MB`
}
