import type { Html } from '../../render/html/html.ts'
import { html } from '../../render/html/html.ts'
import { scrolling } from '../../render/html/sections/tables.ts'
import { counted, figure, time } from '../../render/views/format.ts'
import type { RunSummary } from '../catalogue.ts'
import { type Listing, type ListingProblem, usualRows, usualSort } from '../listing.ts'
import type { SiteResponse } from '../response.ts'
import { fieldNames } from '../search.ts'
import { pathTo } from '../target.ts'
import type { SiteAssets } from './layout.ts'
import { layout } from './layout.ts'

/** The list of all runs, or of those that match a search, with links to open, compare and follow them. */
export function runsPage(
  assets: SiteAssets,
  all: readonly RunSummary[],
  listing: Listing | ListingProblem,
  query: string,
): SiteResponse {
  const main = html`
<section>
<form class="search" role="search" action="/" method="get">
<label for="q">Search</label>
<input id="q" name="q" type="search" value="${query}" autocomplete="off" spellcheck="false" placeholder="deepseek status:complete date:2026-11">
<button type="submit">Search</button>
</form>
<p class="hint">Search all fields by word, or one field: ${fieldNames.map((name, i) => html`${i === 0 ? '' : ' '}<code>${name}:</code>`)}. A minus excludes: <code>-status:failed</code>.</p>
</section>
<section id="found" aria-live="polite">
${'message' in listing ? html`<h2>${listing.message}</h2><p class="none">${listing.remedy}</p>` : foundRuns(all, listing)}
</section>
${sweeps(all)}`
  return {
    ...layout(assets, {
      title: 'Runs',
      trail: [],
      head: html`<p class="meta">${counted(all.length, 'run')} of ${counted(new Set(all.map(run => run.place.sweep)).size, 'sweep')}</p>`,
      main,
      scripts: assets.list,
    }),
    status: 'message' in listing ? 400 : 200,
  }
}

/** Sortable columns. The first click sorts in the more useful direction: newest, most or fastest first. */
const columns: readonly { readonly title: string; readonly sort: string | null; readonly isNumber?: true }[] = [
  { title: 'Run', sort: '-created' },
  { title: 'Status', sort: 'status' },
  { title: 'Points', sort: '-points', isNumber: true },
  { title: 'Best tokens/s/GPU', sort: '-throughput', isNumber: true },
  { title: 'Its TTFT p95', sort: 'ttft', isNumber: true },
  { title: 'Since the run before', sort: null },
  { title: 'Model', sort: null },
  { title: 'Deployed with', sort: null },
  { title: 'Revision', sort: null },
]

function foundRuns(all: readonly RunSummary[], listing: Listing): Html {
  const { runs, total, page, pages } = listing
  if (all.length === 0)
    return html`<p class="none">There are no runs yet. Start one with <code>fulcrum run FILE</code>, then reload this page.</p>`
  if (total === 0)
    return html`<h2>No matching run</h2><p class="none">None of ${counted(all.length, 'run')} matches all these words.</p>`
  const title = total === all.length ? 'All runs' : `${total} of ${counted(all.length, 'run')}`
  return html`<h2>${title}</h2>
<form action="/compare" method="get">
${scrolling(html`<table class="runs"><thead><tr><th>Base</th><th>Head</th><th>Overlay</th>${columns.map(column => heading(column, listing))}</tr></thead>
<tbody>${runs.map((run, at) => row(run, at, runs))}</tbody></table>`)}
${pages > 1 ? html`<nav class="paging" aria-label="Pages">${page > 1 ? html`<a href="${linkTo(listing, { page: page - 1 })}" rel="prev">Previous</a>` : null} <span>Page ${page} of ${pages}</span> ${page < pages ? html`<a href="${linkTo(listing, { page: page + 1 })}" rel="next">Next</a>` : null}</nav>` : null}
${total > 1 ? html`<p class="act"><button type="submit">Compare head with base</button> <button type="submit" formaction="/overlay" data-overlay>Overlay the ticked runs</button></p>` : null}
</form>`
}

function heading({ title, sort, isNumber }: (typeof columns)[number], listing: Listing): Html {
  const kind = isNumber ? html` class="n"` : null
  if (sort === null) return html`<th${kind}>${title}</th>`
  const isSorted = listing.sort.replace(/^-/, '') === sort.replace(/^-/, '')
  const next = listing.sort === sort ? opposite(sort) : sort
  const direction = listing.sort.startsWith('-') ? 'descending' : 'ascending'
  return html`<th${kind}${isSorted ? html` aria-sort="${direction}"` : null}><a href="${linkTo(listing, { sort: next, page: 1 })}">${title}</a></th>`
}

const opposite = (sort: string) => (sort.startsWith('-') ? sort.slice(1) : `-${sort}`)

/** Address of the list with another page or order; default values are omitted. */
function linkTo({ query, sort, page, perPage }: Listing, change: Partial<Pick<Listing, 'sort' | 'page'>>): string {
  const wanted = { sort, page, ...change }
  const asked = new URLSearchParams({
    ...(query === '' ? {} : { q: query }),
    ...(wanted.sort === usualSort ? {} : { sort: wanted.sort }),
    ...(wanted.page === 1 ? {} : { page: String(wanted.page) }),
    ...(perPage === usualRows ? {} : { per_page: String(perPage) }),
  })
  return asked.size === 0 ? '/' : `/?${asked}`
}

/** By default, compares the newest run with the previous one. */
function row(run: RunSummary, at: number, shown: readonly RunSummary[]): Html {
  const { sweep, run: name } = run.place
  const value = `${sweep}/${name}`
  const base = usualBase(shown)
  const radio = (kind: 'base' | 'head', checked: boolean) =>
    html`<td class="pick"><input type="radio" name="${kind}" value="${value}" aria-label="${kind} is ${value}"${checked ? html` checked` : null}></td>`
  const { ok, invalid, failed, planned } = run.points
  const done = ok + invalid + failed
  return html`<tr data-run="${value}" data-state="${run.state}">${radio('base', run === base)}${radio('head', at === 0)}<td class="pick"><input type="checkbox" name="run" value="${value}" aria-label="overlay ${value}"></td><td><a href="${pathTo('runs', sweep, name)}/">${run.sweep}</a> <span>${run.createdAt.slice(0, 16).replace('T', ' ')}${sweep === run.sweep ? null : ` in ${sweep}/`}</span>${run.isBaseline ? html` <b class="tag">baseline</b>` : null}</td><td>${state(run)}</td><td class="n">${done < planned && run.state !== 'complete' ? `${done} of ${planned}` : String(done)}${invalid + failed > 0 ? html` <em>${invalid + failed} not ok</em>` : null}</td>${best(run)}<td data-since="${pathTo('api', 'v1', 'runs', sweep, name, 'since')}"></td><td>${run.models.join(', ')}</td><td>${run.deployer}</td><td><code>${run.revision.slice(0, 12)}</code></td></tr>`
}

function best({ best: of }: RunSummary): Html {
  if (of === null) return html`<td class="n"></td><td class="n"></td>`
  const missed = of.slo === 'missed'
  const what = `${of.deployment}, ${of.load}, ${of.workload}${missed ? '; the SLO is missed' : ''}`
  return html`<td class="n" title="${what}">${figure(of.tokensPerSPerGpu)}${missed ? html` <em>SLO missed</em>` : null}</td><td class="n">${of.ttftP95Ms === null ? null : time(of.ttftP95Ms)}</td>`
}

/** The baseline of the newest run's sweep, else the previous run of that sweep, else any other run. */
function usualBase(shown: readonly RunSummary[]): RunSummary | undefined {
  const [youngest, ...older] = shown
  const alike = older.filter(run => run.place.sweep === youngest?.place.sweep)
  return alike.find(run => run.isBaseline) ?? alike[0] ?? older[0]
}

/** The dot only repeats the text. */
export function state({ state: of, problem }: Pick<RunSummary, 'state' | 'problem'>): Html {
  return html`<span class="state" data-state="${of}"${problem === '' ? null : html` title="${problem}"`}>${of}</span>`
}

/** Whether the folder holds runs of one sweep only. */
export function hasHistory({ place, sweep }: RunSummary, all: readonly RunSummary[]): boolean {
  return all.every(other => other.place.sweep !== place.sweep || other.sweep === sweep)
}

function sweeps(all: readonly RunSummary[]): Html | null {
  const groups = [...Map.groupBy(all, run => `${run.place.sweep}/${run.sweep}`).values()]
  if (groups.length === 0) return null
  return html`<section><h2>Sweeps</h2><ul class="sweeps">${groups.map(([youngest, ...older]) =>
    youngest === undefined
      ? null
      : html`<li><b>${youngest.sweep}</b> <span>${youngest.place.sweep === youngest.sweep ? null : `in ${youngest.place.sweep}/, `}${older.length === 0 ? '1 run' : `${older.length + 1} runs`}, latest ${youngest.createdAt.slice(0, 10)}</span>${hasHistory(youngest, all) ? html` <a href="${pathTo('history', youngest.place.sweep)}">History</a>` : null}${older.length === 0 ? null : html` <a href="${overlayOf([youngest, ...older])}">Overlay</a>`}</li>`,
  )}</ul></section>`
}

/** Maximum number of runs in the overlay of a sweep, so that they can be told apart. */
const mostOverlaid = 8

/** Link to an overlay of the newest runs of a sweep. */
function overlayOf(runs: readonly RunSummary[]): string {
  const names = runs
    .slice(0, mostOverlaid)
    .map(({ place }) => ['run', `${place.sweep}/${place.run}`] as [string, string])
  return `${pathTo('overlay')}?${new URLSearchParams(names)}`
}
