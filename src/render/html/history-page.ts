import type { HistoryGate } from '../../analysis/history/gate.ts'
import type { History, Trend } from '../../analysis/history/history.ts'
import { historyMethod } from '../../analysis/history/history.ts'
import { largest } from '../../model/index.ts'
import { historySpec } from '../charts/history.ts'
import { change, valueText } from '../views/format.ts'
import { historyGateText } from '../views/history-gate.ts'
import { historyRow, runText } from '../views/history-table.ts'
import type { Crumb } from './crumbs.ts'
import { crumbTrail } from './crumbs.ts'
import type { Html } from './html.ts'
import { html, trusted } from './html.ts'
import { loadStyle } from './inline-script.ts'
import { picture } from './picture.ts'
import { scrolling } from './sections/tables.ts'

/** Pictures of changed series; the table below has all. */
const mostPictures = 16
/** Rows of the tables; `fulcrum history --json` has all. */
const mostRows = 1000

/** What the page has pictures of: each workload's frontier, and the figures that changed most. */
export function picturedTrends({ trends }: History): {
  readonly frontiers: readonly Trend[]
  readonly changed: readonly Trend[]
  /** Of all that changed; more than are pictured. */
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

/** history.html: one offline file without scripts. */
export async function historyHtml(
  history: History,
  gates: readonly HistoryGate[] = [],
  trail: readonly Crumb[] = [],
): Promise<string> {
  const style = await loadStyle()
  const { frontiers, changed: pictured, changedInAll } = picturedTrends(history)
  const [first, last] = [runText(history, 0), runText(history, history.runs.length - 1)]
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${style.hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${history.sweep}: history</title>
<style>${trusted(style.text)}</style>
</head>
<body>
${crumbTrail(trail)}
<header class="top"><p class="brand">Fulcrum history</p>
<div class="title"><h1>${history.sweep}: ${verdict(history)}</h1>
<p class="meta">${history.runs.length} runs, ${first} to ${last} · ${history.baseline === null ? 'no baseline set' : `baseline ${runText(history, history.baseline)}`}</p></div></header>
<main>
${gatesSection(history, gates)}
${changesSection(history)}
<section><h2>Frontiers</h2><div class="pair">${await Promise.all(frontiers.map(trend => figureOf(history, trend)))}</div></section>
${pictured.length > 0 ? html`<section><h2>Figures that changed</h2><div class="pair">${await Promise.all(pictured.map(trend => figureOf(history, trend)))}</div>${pictured.length < changedInAll ? html`<p class="none">The ${pictured.length} largest of ${changedInAll}; the table has all.</p>` : null}</section>` : null}
${trendsSection(history)}
<section><h2>How changes are found</h2><p>Method: ${historyMethod}. A change must also exceed the noise between repeats. The shaded band shows that noise: it would hold 95% of run means if nothing else varied. Lines are the levels between changes, dashed lines mark the first run after a change, and the diamond is the baseline.</p></section>
</main>
<footer><p>Written by Fulcrum. \`fulcrum history --json\` prints every value; \`--to\` writes them and each chart (Vega-Lite, SVG) as files.</p></footer>
</body>
</html>
`
  return page.html
}

const largestChange = (trend: Trend) => largest(trend.changes.map(({ relative }) => Math.abs(relative)))

function verdict({ changes, runs }: History): string {
  if (changes.length === 0) return `no lasting change shown over ${runs.length} runs`
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

function changesSection(history: History): Html | null {
  const { changes } = history
  if (changes.length === 0) return null
  return html`<section><h2>Changes</h2>${changes.length > mostRows ? html`<p class="none">The first ${mostRows} of ${changes.length}.</p>` : null}${scrolling(html`<table><thead><tr><th>First run after</th><th>Last before</th><th>Workload</th><th>Deployment</th><th>Load</th><th>Figure</th><th class="n">Change</th><th>Verdict</th></tr></thead>
<tbody>${changes
    .slice(0, mostRows)
    .map(
      ({ series, run, before, relative, verdict: said }) =>
        html`<tr data-change="${series.figure.name}"><td>${runText(history, run)}</td><td>${runText(history, before)}</td><td>${series.subject.workload}</td><td>${series.subject.deployment}</td><td>${series.subject.load}</td><td>${series.figure.title}</td><td class="n">${change(relative)}</td><td>${said === 'slower' ? html`<em>worse</em>` : 'better'}</td></tr>`,
    )}</tbody></table>`)}</section>`
}

async function figureOf(history: History, trend: Trend): Promise<Html> {
  const { workload, deployment, load } = trend.subject
  const name = deployment === 'frontier' ? workload : `${deployment}, ${workload}, ${load}`
  const row = historyRow(history, trend)
  return html`<figure><figcaption><h3>${trend.figure.title}: ${name}</h3><p>${trend.figure.better === 'higher' ? 'Higher is better' : 'Lower is better'}. Latest ${row.latest}, ${row.since} against ${history.baseline === null ? 'the oldest run' : 'the baseline'}.</p></figcaption>
${await picture(`${trend.figure.title} of ${name} over runs`, theme => historySpec(history, trend, theme))}
<details class="data"><summary>As a table</summary>${scrolling(html`<table><thead><tr><th>Run</th><th class="n">${trend.figure.title}</th><th class="n">Repeats</th></tr></thead>
<tbody>${trend.values.map(({ run, mean, repeats }) => html`<tr><td>${runText(history, run)}</td><td class="n" data-v="${mean}">${valueText(trend.figure, mean)}</td><td class="n">${repeats}</td></tr>`)}</tbody></table>`)}</details></figure>`
}

function trendsSection(history: History): Html {
  const { trends } = history
  const shown = trends.slice(0, mostRows)
  return html`<section><h2>All figures</h2>${shown.length < trends.length ? html`<p class="none">The first ${mostRows} of ${trends.length}.</p>` : null}${scrolling(html`<table><thead><tr><th>Workload</th><th>Deployment</th><th>Load</th><th>Figure</th><th class="n">Runs</th><th class="n">Latest</th><th class="n">Against ${history.baseline === null ? 'the oldest run' : 'the baseline'}</th><th class="n">Noise of repeats</th><th>Changes</th></tr></thead>
<tbody>${shown.map(trend => {
    const row = historyRow(history, trend)
    return html`<tr><td>${row.workload}</td><td>${row.deployment}</td><td>${row.load}</td><td>${row.figure}</td><td class="n">${trend.values.length}</td><td class="n">${row.latest}</td><td class="n">${row.since}</td><td class="n">${row.noise}</td><td>${trend.changes.length === 0 ? '' : String(trend.changes.length)}</td></tr>`
  })}</tbody></table>`)}</section>`
}
