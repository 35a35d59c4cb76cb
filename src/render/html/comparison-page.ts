import { falseDiscoveryRate } from '../../analysis/compare/compare.ts'
import type { Comparison } from '../../analysis/compare/comparison.ts'
import type { FigureChange } from '../../analysis/compare/figure-change.ts'
import type { FrontierGain } from '../../analysis/compare/frontier-gain.ts'
import { pointName } from '../../analysis/compare/match.ts'
import { gateText } from '../../analysis/gates/outcome.ts'
import type { Figure } from '../../metrics/figures/index.ts'
import { frontierPairSpec } from '../charts/comparison.ts'
import { forestChart, forestRows, mostForestRows, picturedFigures } from '../charts/of-comparison.ts'
import { changeText, noiseSentence, verdictSentence } from '../views/comparison-words.ts'
import { change, figure, valueText } from '../views/format.ts'
import type { Crumb } from './crumbs.ts'
import { crumbTrail } from './crumbs.ts'
import type { Html } from './html.ts'
import { html, trusted } from './html.ts'
import type { Inline } from './inline-script.ts'
import { picture } from './picture.ts'
import { scrolling } from './sections/tables.ts'

/**
 * comparison.html: no script at all; each picture is there for light and for dark, and the reader's setting chooses.
 */
export async function comparisonHtml(
  comparison: Comparison,
  style: Inline,
  trail: readonly Crumb[] = [],
): Promise<string> {
  const { base, head } = comparison
  const title = `${head.manifest.sweep}: ${head.manifest.runId} against ${base.manifest.runId}`
  const frontiers = await Promise.all(comparison.frontiers.map(frontierFigure))
  const forests = await Promise.all(picturedFigures(comparison).map(of => forestFigure(comparison, of)))
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${style.hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${trusted(style.text)}</style>
</head>
<body>
${crumbTrail(trail)}
<header class="top"><p class="brand">Fulcrum comparison</p>
<div class="title"><h1>${verdictSentence(comparison)}</h1>
<p class="meta">Base ${base.manifest.sweep} ${base.manifest.runId} · head ${head.manifest.sweep} ${head.manifest.runId} · false-discovery rate ${falseDiscoveryRate * 100}% over ${comparison.tests} tests</p><p class="meta">${noiseSentence(comparison)}</p></div></header>
<main>
${gateList(comparison)}
${environment(comparison)}
${frontiers.length > 0 ? html`<section><h2>Frontiers of the matched points</h2><div class="pair">${frontiers}</div></section>` : null}
${forests.length > 0 ? html`<section><h2>Changes</h2><div class="pair">${forests}</div></section>` : null}
<section><h2>All figures</h2>${changesTable(comparison)}</section>
${missing('Only in base', comparison.onlyBase)}${missing('Only in head', comparison.onlyHead)}
</main>
<footer><p>Written by Fulcrum. Next to this file: comparison.json with every figure, and each chart as a Vega-Lite specification and SVG.</p></footer>
</body>
</html>
`
  return page.html
}

function gateList({ gates }: Comparison): Html | null {
  if (gates.length === 0) return null
  return html`<section><h2>Gates</h2><ul class="sure">${gates.map(
    gate =>
      html`<li data-gate="${gate.outcome}">${gate.outcome === 'passed' ? gateText(gate) : html`<em>${gateText(gate)}</em>`}</li>`,
  )}</ul></section>`
}

function environment({ differences }: Comparison): Html | null {
  if (differences.length === 0) return null
  const doubtful = differences.some(difference => difference.kind === 'conditions')
  return html`<section><h2>${doubtful ? 'The conditions differ' : 'What differs'}</h2>
${doubtful ? html`<p>These differences may cause a change below, instead of what you want to compare.</p>` : null}
${scrolling(
  html`<table><thead><tr><th></th><th>Base</th><th>Head</th></tr></thead><tbody>${differences.map(
    ({ what, kind, base, head }) =>
      html`<tr><td>${kind === 'conditions' ? html`<em>${what}</em>` : what}</td><td class="text">${base}</td><td class="text">${head}</td></tr>`,
  )}</tbody></table>`,
)}</section>`
}

async function frontierFigure(gain: FrontierGain): Promise<Html> {
  const area = gain.hypervolume.relative
  return html`<figure><figcaption><h3>${gain.workload}</h3><p>Hypervolume: ${area === null ? 'not defined' : change(area)}.</p></figcaption>
${await picture(`Frontiers of ${gain.workload}, base and head`, theme => frontierPairSpec(gain, theme))}
<details class="data"><summary>At equal interactivity, as a table</summary>${scrolling(html`<table><thead><tr><th class="n">Tokens/s per user</th><th class="n">Base tokens/s per GPU</th><th class="n">Head</th><th class="n">Change</th></tr></thead>
<tbody>${gain.atEqualInteractivity.map(
    ({ at, base, head }) =>
      html`<tr><td class="n">${figure(at)}</td><td class="n">${figure(base)}</td><td class="n">${head === null ? 'not reached' : figure(head)}</td><td class="n">${head === null ? '–' : change(head / base - 1)}</td></tr>`,
  )}</tbody></table>`)}</details></figure>`
}

async function forestFigure(comparison: Comparison, of: Figure): Promise<Html> {
  const rows = forestRows(comparison, of)
  return html`<figure><figcaption><h3>${of.title}</h3><p>${of.better === 'lower' ? 'Left is faster.' : 'Right is faster.'} Bars: 95% interval.${
    rows.length > mostForestRows ? ` The ${mostForestRows} largest of ${rows.length} changes.` : null
  }</p></figcaption>${await picture(`Change of ${of.title} at each point`, theme => forestChart(rows, theme))}</figure>`
}

/** Rows of the page's table; comparison.json has all. */
const mostRows = 3000

/** Point by point; when that is too much for a page, what is shown comes first. */
function changesTable({ points }: Comparison): Html {
  const all = points.flatMap(point => point.changes.map(item => ({ point, item })))
  const isShown = ({ verdict }: FigureChange) => verdict === 'slower' || verdict === 'faster'
  const rows =
    all.length <= mostRows
      ? all
      : [...all.filter(({ item }) => isShown(item)), ...all.filter(({ item }) => !isShown(item))].slice(0, mostRows)
  return html`${rows.length < all.length ? html`<p class="none">${rows.length} of ${all.length}, changes that are shown first; comparison.json has all.</p>` : null}${scrolling(html`<table><thead><tr><th>Point</th><th>Figure</th><th class="n">Base</th><th class="n">Head</th><th class="n">Change (95%)</th><th>Verdict</th></tr></thead>
<tbody>${rows.map(
    ({ point, item }) =>
      html`<tr data-verdict="${item.verdict}"><td>${pointName(point.head)}</td><td>${item.figure.title}</td><td class="n" data-v="${item.base ?? ''}">${valueText(item.figure, item.base)}</td><td class="n" data-v="${item.head ?? ''}">${valueText(item.figure, item.head)}</td><td class="n">${changeText(item)}</td><td class="text">${item.verdict === 'slower' ? html`<em>slower</em>` : item.verdict}${[point.note, item.why].filter(text => text !== '').map(text => `; ${text}`)}</td></tr>`,
  )}</tbody></table>`)}`
}

function missing(title: string, points: Comparison['onlyBase']): Html | null {
  if (points.length === 0) return null
  return html`<section><h2>${title}</h2><details class="data"><summary>${points.length} points</summary><ul>${points
    .slice(0, 500)
    .map(point => html`<li>${pointName(point)}</li>`)}</ul></details></section>`
}
