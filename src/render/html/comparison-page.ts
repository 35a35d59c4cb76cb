import { falseDiscoveryRate } from '../../analysis/compare/compare.ts'
import type { Comparison } from '../../analysis/compare/comparison.ts'
import type { FigureChange } from '../../analysis/compare/figure-change.ts'
import type { FrontierGain } from '../../analysis/compare/frontier-gain.ts'
import { pointName } from '../../analysis/compare/match.ts'
import { gateText } from '../../analysis/gates/outcome.ts'
import type { Figure } from '../../metrics/figures/index.ts'
import { frontierPairSpec } from '../charts/comparison.ts'
import { forestChart, forestRows, mostForestRows, picturedFigures } from '../charts/of-comparison.ts'
import {
  changeText,
  markedVerdict,
  noiseSentence,
  statusText,
  verdictSentence,
  verdictText,
} from '../views/comparison-words.ts'
import { change, counted, figure, valueText } from '../views/format.ts'
import { qualityRows } from '../views/quality.ts'
import { slugOf } from '../views/report.ts'
import { cardTable, column, numbers, value } from './card-table.ts'
import type { Crumb } from './crumbs.ts'
import { crumbTrail } from './crumbs.ts'
import { type DrawnCharts, type DrawnPageAssets, drawnCharts } from './drawn-charts.ts'
import type { Html } from './html.ts'
import { html, jsonForScript, trusted } from './html.ts'
import { pageHead } from './page-head.ts'

/**
 * comparison.html: one offline file with tooltips and a filter for the table. Without scripts, each picture exists in a
 * light and a dark version, and the reader's setting chooses.
 */
export async function comparisonHtml(
  comparison: Comparison,
  assets: DrawnPageAssets,
  trail: readonly Crumb[] = [],
): Promise<string> {
  const { base, head } = comparison
  const charts = drawnCharts()
  const title = `${head.manifest.sweep}: ${head.manifest.runId} against ${base.manifest.runId}`
  const frontiers = await Promise.all(comparison.frontiers.map(gain => frontierFigure(charts, gain)))
  const forests = await Promise.all(picturedFigures(comparison).map(of => forestFigure(charts, comparison, of)))
  const page = html`${pageHead({ title, ...assets })}
<body>
${crumbTrail(trail)}
<header class="top"><p class="brand">Fulcrum comparison</p>
<div class="title"><h1>${verdictSentence(comparison)}</h1>
<p class="status">${statusText(comparison)}</p>
<p class="meta">Base ${base.manifest.sweep} ${base.manifest.runId} · head ${head.manifest.sweep} ${head.manifest.runId} · false-discovery rate ${falseDiscoveryRate * 100}% over ${comparison.tests} tests</p><p class="meta">${noiseSentence(comparison)}</p></div></header>
<main>
${gateList(comparison)}
${environment(comparison)}
${quality(comparison)}
${frontiers.length > 0 ? html`<section><h2>Frontiers of the matched points</h2><div class="pair">${frontiers}</div></section>` : null}
${forests.length > 0 ? html`<section><h2>Changes</h2><div class="pair">${forests}</div></section>` : null}
<section id="figures"><h2>All figures</h2>${changesTable(comparison)}</section>
${missing('Only in base', comparison.onlyBase)}${missing('Only in head', comparison.onlyHead)}
</main>
<footer><p>Written by Fulcrum. Next to this file: comparison.json with every figure, and each chart as a Vega-Lite specification and SVG.</p></footer>
<script type="application/json" id="figure-data">${jsonForScript(charts.data())}</script>
${assets.scripts.map(script => html`<script>${trusted(script.text)}</script>\n`)}
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
${cardTable(
  [column('What'), column('Base'), column('Head')],
  differences.map(({ what, kind, base, head }) => ({
    cells: [
      kind === 'conditions' ? html`<em>${what}</em>` : what,
      { shown: base, isText: true },
      { shown: head, isText: true },
    ],
  })),
)}</section>`
}

function quality(comparison: Comparison): Html | null {
  if (comparison.quality.length === 0) return null
  return html`<section id="accuracy"><h2>Accuracy</h2>${cardTable(
    [column('Point'), numbers('Base'), numbers('Head'), numbers('Change (95%)'), column('Verdict')],
    qualityRows(comparison.quality).map(row => ({
      cells: [row.point, row.base, row.head, row.change, { shown: row.verdict, isText: true }],
    })),
  )}</section>`
}

async function frontierFigure(charts: DrawnCharts, gain: FrontierGain): Promise<Html> {
  const area = gain.hypervolume.relative
  const drawn = await charts.place(
    `Frontiers of ${gain.workload}, base and head`,
    `frontier-${slugOf(gain.workload)}`,
    (theme, medium) => frontierPairSpec(gain, theme, medium),
  )
  return html`<figure><figcaption><h3>${gain.workload}</h3><p>Hypervolume: ${area === null ? 'not defined' : change(area)}.</p></figcaption>
${drawn}
<details class="data"><summary>At equal interactivity, as a table</summary>${cardTable(
    [numbers('Tokens/s per user'), numbers('Base tokens/s per GPU'), numbers('Head'), numbers('Change')],
    gain.atEqualInteractivity.map(({ at, base, head }) => ({
      cells: [
        value(at, `${figure(at)} tokens/s per user`),
        value(base, figure(base)),
        value(head, head === null ? 'not reached' : figure(head)),
        head === null ? '–' : change(head / base - 1),
      ],
    })),
  )}</details></figure>`
}

async function forestFigure(charts: DrawnCharts, comparison: Comparison, of: Figure): Promise<Html> {
  const rows = forestRows(comparison, of)
  const drawn = await charts.place(`Change of ${of.title} at each point`, `change-${of.name}`, (theme, medium) =>
    forestChart(rows, theme, medium),
  )
  return html`<figure><figcaption><h3>${of.title}</h3><p>${of.better === 'lower' ? 'Left is faster.' : 'Right is faster.'} Bars: 95% interval.${
    rows.length > mostForestRows ? ` The ${mostForestRows} largest of ${rows.length} changes.` : null
  }</p></figcaption>${drawn}</figure>`
}

/** Maximum number of rows in the page's table. comparison.json has all. */
const mostRows = 3000

/** Ordered by point. If there are too many for a page, shown changes come first. */
function changesTable({ points }: Comparison): Html {
  const all = points.flatMap(point => point.changes.map(item => ({ point, item })))
  const isShown = ({ verdict }: FigureChange) => verdict === 'slower' || verdict === 'faster'
  const rows =
    all.length <= mostRows
      ? all
      : [...all.filter(({ item }) => isShown(item)), ...all.filter(({ item }) => !isShown(item))].slice(0, mostRows)
  const figuresOf = [...new Set(rows.map(({ item }) => item.figure.title))]
  return html`${rows.length < all.length ? html`<p class="none">${rows.length} of ${all.length}, changes that are shown first; comparison.json has all.</p>` : null}
<form class="bar" data-filter hidden><label>Verdict<select name="verdict"><option value="">all</option>${verdictMarks.map(
    ([mark, text]) => html`<option value="${mark}">${text}</option>`,
  )}</select></label><label>Figure<select name="figure"><option value="">all</option>${figuresOf.map(
    title => html`<option value="${title}">${title}</option>`,
  )}</select></label><label>Find<input name="find" type="search" autocomplete="off" placeholder="2P1D 8000/256"></label><span class="count" role="status"></span><span data-save-rows></span></form>
${cardTable(
  [column('Point'), column('Figure'), numbers('Base'), numbers('Head'), numbers('Change (95%)'), column('Verdict')],
  rows.map(({ point, item }) => ({
    attributes: html` data-verdict="${item.verdict}" data-mark="${item.undecided === null ? item.verdict : 'undecided'}" data-of="${item.figure.title}"`,
    cells: [
      pointName(point.head),
      item.figure.title,
      value(item.base, valueText(item.figure, item.base)),
      value(item.head, valueText(item.figure, item.head)),
      changeText(item),
      { shown: verdictHtml(point.note, item), isText: true },
    ],
  })),
)}`
}

/** Filter value of a row, in the words of its verdict. */
const verdictMarks = [
  ...(['slower', 'faster', 'no difference shown', 'not comparable'] as const).map(
    verdict => [verdict, markedVerdict(verdict)] as const,
  ),
  ['undecided', '⚠️ undecided'] as const,
]

function verdictHtml(note: string, item: FigureChange): Html {
  const why = item.undecided?.why === 'noise is unknown' ? '' : item.why
  const rest = [note, why].filter(text => text !== '').map(text => `; ${text}`)
  const said = verdictText(item)
  return html`${item.verdict === 'slower' ? html`<em>${said}</em>` : said}${rest}`
}

function missing(title: string, points: Comparison['onlyBase']): Html | null {
  if (points.length === 0) return null
  return html`<section><h2>${title}</h2><details class="data"><summary>${counted(points.length, 'point')}</summary><ul>${points
    .slice(0, 500)
    .map(point => html`<li>${pointName(point)}</li>`)}</ul></details></section>`
}
