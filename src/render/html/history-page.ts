import type { HistoryGate } from '../../analysis/history/gate.ts'
import type { History, Trend } from '../../analysis/history/history.ts'
import { historyMethod } from '../../analysis/history/history.ts'
import { largest } from '../../model/index.ts'
import { historySpec } from '../charts/history.ts'
import { changeLog, type LogEntry } from '../views/change-log.ts'
import { counted, valueText } from '../views/format.ts'
import { historyGateText } from '../views/history-gate.ts'
import { changeSentence, historyRow } from '../views/history-table.ts'
import { slugOf } from '../views/report.ts'
import { cardTable, column, numbers, value } from './card-table.ts'
import type { Crumb } from './crumbs.ts'
import { crumbTrail } from './crumbs.ts'
import { type DrawnCharts, type DrawnPageAssets, drawnCharts } from './drawn-charts.ts'
import type { Html } from './html.ts'
import { html, jsonForScript, trusted } from './html.ts'
import { pageHead } from './page-head.ts'

/** Maximum number of charts of changed series. The table has all. */
const mostPictures = 16
/** Maximum number of rows in the tables. `fulcrum history --json` has all. */
const mostRows = 1000

/** The series with a chart: the frontier of each workload, and the figures that changed most. */
export function picturedTrends({ trends }: History): {
  readonly frontiers: readonly Trend[]
  readonly changed: readonly Trend[]
  /** Number of changed series, which may exceed the number of charts. */
  readonly changedInAll: number
} {
  const frontiers = trends.filter(trend => trend.figure.name === 'hypervolume')
  const changed = trends.filter(trend => trend.changes.length > 0 && !frontiers.includes(trend))
  return {
    frontiers,
    changed: changed.toSorted((a, b) => largestChange(b) - largestChange(a)).slice(0, mostPictures),
    changedInAll: changed.length,
  }
}

/** Facts around the history. */
export interface HistoryFrame {
  readonly trail?: readonly Crumb[]
  /** Base address of commits; null if it is unknown. */
  readonly commits?: string | null
}

/**
 * history.html: one offline file with tooltips and local times, in which two nights can be selected for a comparison.
 * Without scripts, charts and tables remain.
 */
export async function historyHtml(
  history: History,
  assets: DrawnPageAssets,
  gates: readonly HistoryGate[] = [],
  { trail = [], commits = null }: HistoryFrame = {},
): Promise<string> {
  const charts = drawnCharts()
  const said: PageContext = { history, charts, commits }
  const { frontiers, changed: pictured, changedInAll } = picturedTrends(history)
  const ofFrontiers = await Promise.all(frontiers.map(trend => figureOf(said, trend)))
  const ofChanged = await Promise.all(pictured.map(trend => figureOf(said, trend)))
  const places = history.runs.map(({ createdAt, folder }) => ({
    at: createdAt,
    folder,
    place: folder.split('/').slice(-2).join('/'),
  }))
  const data = { ...charts.data(), runs: places, served: trail.length > 0 }
  const page = html`${pageHead({ title: `${history.sweep}: history`, ...assets })}
<body>
${crumbTrail(trail)}
<header class="top"><p class="brand">Fulcrum history</p>
<div class="title"><h1>${history.sweep}: ${verdict(history)}</h1>
<p class="meta">${counted(history.runs.length, 'run')}, ${runHtml(said, 0)} to ${runHtml(said, history.runs.length - 1)} · ${history.baseline === null ? 'no baseline set' : html`baseline ${runHtml(said, history.baseline)}`} · times in <span data-zone>UTC</span></p></div></header>
<main>
${gatesSection(history, gates)}
${logSection(said)}
${chooserSection(history)}
<section><h2>Frontiers</h2><div class="pair">${ofFrontiers}</div></section>
${pictured.length > 0 ? html`<section><h2>Figures that changed</h2><div class="pair">${ofChanged}</div>${pictured.length < changedInAll ? html`<p class="none">The ${pictured.length} largest of ${changedInAll}; the table has all.</p>` : null}</section>` : null}
${trendsSection(history)}
<section><h2>How changes are found</h2><p>Method: ${historyMethod}. A change must also exceed the noise between repeats. The shaded band shows that noise: it would hold 95% of run means if nothing else varied. Lines are the levels between changes, dashed lines mark the first run after a change, and the diamond is the baseline.</p></section>
</main>
<footer><p>Written by Fulcrum. \`fulcrum history --json\` prints every value; \`--to\` writes them and each chart (Vega-Lite, SVG) as files.</p></footer>
<script type="application/json" id="figure-data">${jsonForScript(data)}</script>
${assets.scripts.map(script => html`<script>${trusted(script.text)}</script>\n`)}
</body>
</html>
`
  return page.html
}

/** Inputs of the page's sections. */
interface PageContext {
  readonly history: History
  readonly charts: DrawnCharts
  readonly commits: string | null
}

/** Time and revision of a run. The script converts the time to local time, and the revision is a link if possible. */
function runHtml({ history, commits }: Pick<PageContext, 'history' | 'commits'>, index: number): Html {
  const run = history.runs[index]
  if (run === undefined) return html``
  const { createdAt, revision } = run
  const time = html`<time datetime="${createdAt}" data-local>${createdAt.slice(0, 16).replace('T', ' ')}</time>`
  return revision === null ? time : html`${time} at ${revisionHtml(revision, commits)}`
}

function revisionHtml(revision: string, commits: string | null): Html {
  const hex = revision.replace(/[^0-9a-f]/gi, '')
  return commits === null || hex === ''
    ? html`<code>${revision}</code>`
    : html`<a href="${commits}${hex}"><code>${revision}</code></a>`
}

const largestChange = (trend: Trend) => largest(trend.changes.map(({ relative }) => Math.abs(relative)))

function verdict({ changes, runs }: History): string {
  if (changes.length === 0) return `no lasting change shown over ${counted(runs.length, 'run')}`
  const dates = new Set(changes.map(({ run }) => run)).size
  return `${changes.length} lasting ${changes.length === 1 ? 'change' : 'changes'}, at ${dates} ${dates === 1 ? 'run' : 'runs'}`
}

function gatesSection(history: History, gates: readonly HistoryGate[]): Html | null {
  if (gates.length === 0) return null
  return html`<section><h2>Gates</h2><ul class="sure">${gates.map(gate => {
    const said = historyGateText(history, gate)
    return html`<li data-gate="${gate.outcome}">${gate.outcome === 'passed' ? said : html`<em>${said}</em>`}</li>`
  })}</ul></section>`
}

/** Maximum number of changes listed for a run. The table of a figure has all of its changes. */
const mostInEntry = 12

function logSection(said: PageContext): Html | null {
  const log = changeLog(said.history)
  if (log.length === 0) return null
  return html`<section id="log"><h2>Log of changes</h2><ol class="log">${log.map(entry => entryHtml(said, entry))}</ol></section>`
}

function entryHtml(said: PageContext, { run, before, worse, better, changes }: LogEntry): Html {
  const rest = changes.length - mostInEntry
  const counts = [worse > 0 ? `🔴 ${worse} worse` : '', better > 0 ? `🟢 ${better} better` : ''].filter(
    text => text !== '',
  )
  return html`<li data-run="${run}"><p><span class="when">${runHtml(said, run)}</span> ${counts.join(', ')}</p>
<p class="between">First run after the change; last before it: ${runHtml(said, before)}. <a href="#base=${before}&amp;head=${run}">Choose both to compare</a></p>
<ul>${changes.slice(0, mostInEntry).map(one => html`<li data-change="${one.series.figure.name}">${changeSentence(one)}</li>`)}${rest > 0 ? html`<li>and ${rest} more</li>` : null}</ul></li>`
}

/** Selection of two nights to compare; the script prints the command. */
function chooserSection(history: History): Html | null {
  const { runs, baseline } = history
  if (runs.length < 2) return null
  const head = runs.length - 1
  const base = baseline === null || baseline === head ? head - 1 : baseline
  const list = (name: string, title: string, chosen: number) =>
    html`<label>${title}<select name="${name}">${runs
      .map(({ createdAt, revision }, i) => {
        const rest = `${revision === null ? '' : ` at ${revision}`}${i === baseline ? ' (baseline)' : ''}`
        return html`<option value="${i}" data-rest="${rest}"${i === chosen ? html` selected` : null}>${createdAt.slice(0, 16).replace('T', ' ')}${rest}</option>`
      })
      .toReversed()}</select></label>`
  return html`<section class="two"><h2>Compare two runs</h2><p>Choose them here, or click marks in a chart: of the last two that you click, the older one is the base.</p>
<form class="bar" data-two hidden>${list('base', 'Base', base)}${list('head', 'Head', head)}</form><div data-compare aria-live="polite"></div></section>`
}

async function figureOf({ history, charts, commits }: PageContext, trend: Trend): Promise<Html> {
  const { workload, deployment, load } = trend.subject
  const name = deployment === 'frontier' ? workload : `${deployment}, ${workload}, ${load}`
  const row = historyRow(history, trend)
  const slug = slugOf(`${trend.figure.name} ${workload} ${deployment} ${load}`)
  const drawn = await charts.place(`${trend.figure.title} of ${name} over runs`, slug, (theme, medium) =>
    historySpec(history, trend, theme, medium),
  )
  return html`<figure><figcaption><h3>${trend.figure.title}: ${name}</h3><p>${trend.figure.better === 'higher' ? 'Higher is better' : 'Lower is better'}. Latest ${row.latest}, ${row.since} against ${history.baseline === null ? 'the oldest run' : 'the baseline'}.</p></figcaption>
${drawn}
<details class="data"><summary>As a table</summary>${cardTable(
    [column('Run'), numbers(trend.figure.title), numbers('Repeats')],
    trend.values.map(({ run, mean, repeats }) => ({
      cells: [runHtml({ history, commits }, run), value(mean, valueText(trend.figure, mean)), String(repeats)],
    })),
  )}</details></figure>`
}

function trendsSection(history: History): Html {
  const { trends } = history
  const shown = trends.slice(0, mostRows)
  const columns = [
    column('Figure'),
    column('Workload'),
    column('Deployment'),
    column('Load'),
    numbers('Runs'),
    numbers('Latest'),
    numbers(`Against ${history.baseline === null ? 'the oldest run' : 'the baseline'}`),
    numbers('Noise of repeats'),
    numbers('Changes'),
  ]
  return html`<section><h2>All figures</h2>${shown.length < trends.length ? html`<p class="none">The first ${mostRows} of ${trends.length}.</p>` : null}${cardTable(
    columns,
    shown.map(trend => {
      const row = historyRow(history, trend)
      const { changes, values } = trend
      return {
        cells: [
          row.figure,
          row.workload,
          row.deployment,
          row.load,
          String(values.length),
          row.latest,
          row.since,
          row.noise,
          changes.length === 0 ? '' : String(changes.length),
        ],
      }
    }),
  )}</section>`
}
