import type { EnvironmentDifference } from '../../analysis/compare/environment.ts'
import { originOf } from '../../analysis/origin.ts'
import type { Overlay, OverlayRun } from '../../analysis/overlay/overlay.ts'
import type { OverlayData } from '../page/overlay/data.ts'
import { modelOf } from '../page/overlay/model.ts'
import { select } from '../page/overlay/selection.ts'
import { counted, valueText } from '../views/format.ts'
import { overlayData } from '../views/overlay.ts'
import { cardTable, column, numbers } from './card-table.ts'
import { loadChartTools } from './chart-tools.ts'
import type { Crumb } from './crumbs.ts'
import { crumbTrail } from './crumbs.ts'
import type { Html } from './html.ts'
import { html, jsonForScript, trusted } from './html.ts'
import type { Inline } from './inline-script.ts'
import { loadAsset, loadStyle } from './inline-script.ts'
import { pageHead } from './page-head.ts'
import { loadPageModule } from './page-module.ts'
import { scrolling } from './sections/tables.ts'
import { dark, fontStack, light, shapes } from './theme.ts'

/** Styles and scripts of the page. */
export interface OverlayAssets {
  readonly styles: readonly Inline[]
  readonly scripts: readonly Inline[]
}

/** Loads the page's assets. The page uses no Vega and draws its own marks (docs/design.md gives the reason). */
export async function loadOverlayAssets(): Promise<OverlayAssets> {
  const [style, own, tools, modules, canvas, script] = await Promise.all([
    loadStyle(),
    loadAsset('report/overlay.css'),
    loadChartTools(),
    loadPageModule('render/page/overlay/modules', 'overlayModules'),
    loadAsset('report/scene-canvas.js'),
    loadAsset('report/overlay.js'),
  ])
  return { styles: [style, own], scripts: [...tools, modules, canvas, script] }
}

/** Content around the chart. */
export interface OverlayFrame {
  readonly title: string
  /** Kind of page; default: an overlay. */
  readonly kind?: 'overlay' | 'comparison'
  /** Pages above this one, if pages are served together. */
  readonly trail?: readonly Crumb[]
  /** Sections above the chart. */
  readonly before?: Html | null
  /** The page of each run; null if there is none. */
  readonly links?: readonly (string | null)[]
}

/**
 * The frontiers of several runs in one page: one offline file that runs only the scripts whose hashes its policy lists.
 */
export function overlayHtml(overlay: Overlay, assets: OverlayAssets, frame: OverlayFrame): string {
  const { kind = 'overlay' } = frame
  const data = overlayData(overlay)
  const points = overlay.runs.reduce((sum, run) => sum + run.points.length, 0)
  const page = html`${pageHead({ title: `${frame.title}: Fulcrum ${kind}`, ...assets })}
<body>
<a class="skip" href="#picture">Skip to the picture</a>
${crumbTrail(frame.trail ?? [])}
<header class="top"><p class="brand">Fulcrum ${kind}</p>
<div class="title"><h1>${frame.title}</h1>
<p class="meta">${counted(overlay.runs.length, 'run')} · ${counted(overlay.workloads.length, 'workload')} · ${counted(points, 'point')}</p>
${notices(overlay).map(notice => html`<p class="notice">${notice}</p>`)}</div>
<button type="button" class="theme" data-theme-toggle aria-label="Switch between light and dark" hidden>◐</button>
</header>
<main>
${frame.before ?? null}
<section id="picture" class="overlay">
<div class="controls" data-controls hidden></div>
<div class="cautions" data-cautions role="status"></div>
<figure>
<div class="legend" data-legend></div>
<div class="with-detail"><div>
<div class="plane" data-plane hidden><canvas data-marks></canvas><canvas data-over tabindex="0" role="img" aria-label="Frontiers of the runs; the table below has the same points"></canvas><div class="tip" data-tip hidden></div></div>
<p class="key" data-key></p>
<div class="tools" data-tools hidden><div data-zoom></div><div data-exports></div></div>
</div>
<aside class="detail" aria-live="polite" aria-label="Selected point" data-detail></aside></div>
</figure>
<div class="beside" data-table></div>
</section>
<noscript>${withoutScript(data)}</noscript>
<section id="runs"><h2>Runs</h2>${runsTable(overlay, frame.links ?? [])}</section>
${differencesSection(overlay)}
</main>
<footer><p>Written by Fulcrum. Only valid points that meet their SLO are part of a frontier; each frontier is of one run and one workload.</p></footer>
<script type="application/json" id="overlay-data">${jsonForScript({
    ...data,
    notices: notices(overlay),
    shapes,
    font: fontStack,
    themes: { light, dark },
  })}</script>
${assets.scripts.map(script => html`<script>${trusted(script.text)}</script>\n`)}
</body>
</html>
`
  return page.html
}

/** Caveats of the figures, with the affected runs unless all are. */
function notices({ runs }: Overlay): readonly string[] {
  const of = runs.map(({ label, run }) => ({ label, notice: originOf(run.manifest).notice }))
  return [...Map.groupBy(of, ({ notice }) => notice)].flatMap(([notice, alike]) => {
    if (notice === null) return []
    return alike.length === runs.length ? [notice] : [`${alike.map(({ label }) => label).join(', ')}: ${notice}`]
  })
}

function runsTable({ runs }: Overlay, links: readonly (string | null)[]): Html {
  return cardTable(
    [column('Run'), column('Run id'), column('Model'), column('Deployed with'), column('Revision'), numbers('Points')],
    runs.map(({ label, run: { manifest }, points, missing }, at) => {
      const { deployer, about } = originOf(manifest)
      const link = links[at] ?? null
      const models = [...new Set(points.map(({ point }) => point.deployment.model.name))]
      const git =
        manifest.git === null ? '' : `${manifest.git.revision.slice(0, 12)}${manifest.git.dirty ? ' with changes' : ''}`
      const notOk = (['invalid', 'failed'] as const).flatMap(status => {
        const count = points.filter(({ point }) => point.status === status).length
        return count > 0 ? [`${count} ${status}`] : []
      })
      if (missing > 0) notOk.push(`${missing} missing`)
      return {
        cells: [
          link === null ? label : html`<a href="${link}">${label}</a>`,
          html`<div>${manifest.sweep} <code>${manifest.runId}</code></div>`,
          models.join(', '),
          [deployer, about].filter(text => text !== '').join(', '),
          git === '' ? '' : html`<code>${git}</code>`,
          html`<div>${points.length}${notOk.length > 0 ? html` <em>${notOk.join(', ')}</em>` : null}</div>`,
        ],
      }
    }),
  )
}

/** Differences between the first run and the others: a row per difference, a column per run. */
function differencesSection({ runs }: Overlay): Html | null {
  const [first, ...others] = runs
  if (first === undefined || others.every(({ differences }) => differences.length === 0)) return null
  const rows = new Map<string, EnvironmentDifference>()
  for (const { differences } of others)
    for (const difference of differences) if (!rows.has(difference.what)) rows.set(difference.what, difference)
  const doubtful = [...rows.values()].some(({ kind }) => kind === 'conditions')
  const cell = ({ differences }: OverlayRun, { what }: EnvironmentDifference) =>
    differences.find(difference => difference.what === what)
  const ordered = [...rows.values()].sort((a, b) => Number(a.kind === 'subject') - Number(b.kind === 'subject'))
  return html`<section id="differences"><h2>${doubtful ? 'The conditions differ' : 'What differs'}</h2>
<p>${doubtful ? 'Conditions in red may cause a difference between frontiers, instead of what you want to compare. ' : null}Each run is held against ${first.label}; points that both have decide. An empty cell is no difference.</p>
${cardTable(
  [column(''), column(first.label), ...others.map(({ label }) => column(label))],
  ordered.map(difference => ({
    cells: [
      difference.kind === 'conditions' ? html`<em>${difference.what}</em>` : difference.what,
      ...[difference.base, ...others.map(run => cell(run, difference)?.head ?? '')].map(shown => ({
        shown,
        isText: true,
      })),
    ],
  })),
)}</section>`
}

/** Maximum number of rows of the table for readers without scripts. */
const mostRows = 500

/** The frontiers of each run and workload on the usual axes, computed with the page's code. */
function withoutScript(data: OverlayData): Html {
  const model = modelOf(data)
  const { x, y } = data.first
  const chosen = select(model, { x, y, logX: false, logY: false, hidden: [], workloads: null, facets: {} })
  const axis = (name: string) => data.axes.find(other => other.name === name)
  const rows = chosen.groups.flatMap(({ run, workload, frontier }) => frontier.map(i => ({ run, workload, i })))
  const text = (number: number | undefined) => data.texts[number ?? 0] ?? ''
  return html`<section><h2>Frontiers</h2><p class="none">The picture needs JavaScript.${rows.length > mostRows ? ` The first ${mostRows} of ${rows.length} points of frontiers:` : ' These are the frontiers:'}</p>
${scrolling(html`<table><thead><tr><th>Run</th><th>Workload</th><th>Deployment</th><th>Load</th><th class="n">${axis(x)?.title ?? x}</th><th class="n">${axis(y)?.title ?? y}</th></tr></thead>
<tbody>${rows
  .slice(0, mostRows)
  .map(
    ({ run, workload, i }) =>
      html`<tr><td>${data.runs[run]?.label ?? ''}</td><td>${data.workloads[workload] ?? ''}</td><td>${text(model.deployment[i])}</td><td>${text(model.load[i])}</td><td class="n">${valueText({ unit: axis(x)?.unit ?? '' }, chosen.xs[i])}</td><td class="n">${valueText({ unit: axis(y)?.unit ?? '' }, chosen.ys[i])}</td></tr>`,
  )}</tbody></table>`)}</section>`
}
