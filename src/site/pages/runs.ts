import type { Html } from '../../render/html/html.ts'
import { html } from '../../render/html/html.ts'
import { scrolling } from '../../render/html/sections/tables.ts'
import { counted } from '../../render/views/format.ts'
import type { Answer } from '../answer.ts'
import type { RunSummary } from '../catalogue.ts'
import { fieldNames } from '../search.ts'
import { pathTo } from '../target.ts'
import type { SiteAssets } from './layout.ts'
import { layout } from './layout.ts'

/** Rows of the list; a search finds the others. */
const mostRows = 500

/** All runs, or those that a search found, to open, compare and follow. */
export function runsPage(
  assets: SiteAssets,
  all: readonly RunSummary[],
  found: readonly RunSummary[],
  query: string,
): Answer {
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
${foundRuns(all, found)}
</section>
${sweeps(all)}`
  return layout(assets, {
    title: 'Runs',
    trail: [],
    head: html`<p class="meta">${counted(all.length, 'run')} of ${counted(new Set(all.map(run => run.place.sweep)).size, 'sweep')}</p>`,
    main,
    scripts: assets.list,
  })
}

function foundRuns(all: readonly RunSummary[], found: readonly RunSummary[]): Html {
  if (all.length === 0)
    return html`<p class="none">There are no runs yet. Start one with <code>fulcrum run FILE</code>, then reload this page.</p>`
  if (found.length === 0)
    return html`<h2>No matching run</h2><p class="none">None of ${all.length} runs matches all these words.</p>`
  const shown = found.slice(0, mostRows)
  const title = found.length === all.length ? 'All runs' : `${found.length} of ${all.length} runs`
  const rest = found.length - shown.length
  return html`<h2>${title}</h2>${rest > 0 ? html`<p class="none">The ${mostRows} youngest; a search finds the other ${rest}.</p>` : null}
<form action="/compare" method="get">
${scrolling(html`<table class="runs"><thead><tr><th>Base</th><th>Head</th><th>Overlay</th><th>Run</th><th>Status</th><th class="n">Points</th><th>Model</th><th>Deployed with</th><th>Revision</th></tr></thead>
<tbody>${shown.map((run, at) => row(run, at, shown))}</tbody></table>`)}
${found.length > 1 ? html`<p class="act"><button type="submit">Compare head with base</button> <button type="submit" formaction="/overlay" data-overlay>Overlay the ticked runs</button></p>` : null}
</form>`
}

/** The youngest against the run before it, unless something else is chosen. */
function row(run: RunSummary, at: number, shown: readonly RunSummary[]): Html {
  const { sweep, run: name } = run.place
  const value = `${sweep}/${name}`
  const base = usualBase(shown)
  const radio = (kind: 'base' | 'head', checked: boolean) =>
    html`<td class="pick"><input type="radio" name="${kind}" value="${value}" aria-label="${kind} is ${value}"${checked ? html` checked` : null}></td>`
  const { ok, invalid, failed, planned } = run.points
  const done = ok + invalid + failed
  return html`<tr data-run="${value}" data-state="${run.state}">${radio('base', run === base)}${radio('head', at === 0)}<td class="pick"><input type="checkbox" name="run" value="${value}" aria-label="overlay ${value}"></td><td><a href="${pathTo('runs', sweep, name)}/">${run.sweep}</a> <span>${run.createdAt.slice(0, 16).replace('T', ' ')}${sweep === run.sweep ? null : ` in ${sweep}/`}</span>${run.isBaseline ? html` <b class="tag">baseline</b>` : null}</td><td>${state(run)}</td><td class="n">${done < planned && run.state !== 'complete' ? `${done} of ${planned}` : String(done)}${invalid + failed > 0 ? html` <em>${invalid + failed} not ok</em>` : null}</td><td>${run.models.join(', ')}</td><td>${run.deployer}</td><td><code>${run.revision.slice(0, 12)}</code></td></tr>`
}

/** The baseline of the youngest run's sweep, else the run of it before, else any other. */
function usualBase(shown: readonly RunSummary[]): RunSummary | undefined {
  const [youngest, ...older] = shown
  const alike = older.filter(run => run.place.sweep === youngest?.place.sweep)
  return alike.find(run => run.isBaseline) ?? alike[0] ?? older[0]
}

/** Text first; the dot only repeats it. */
export function state({ state: of, problem }: Pick<RunSummary, 'state' | 'problem'>): Html {
  return html`<span class="state" data-state="${of}"${problem === '' ? null : html` title="${problem}"`}>${of}</span>`
}

/** A folder is one sweep's, where somebody didn't put runs of several into it. */
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

/** Runs that a link of a sweep lays over each other: the youngest, so that they can be told apart. */
const mostOverlaid = 8

/** The youngest runs of a sweep in one picture. */
function overlayOf(runs: readonly RunSummary[]): string {
  const names = runs
    .slice(0, mostOverlaid)
    .map(({ place }) => ['run', `${place.sweep}/${place.run}`] as [string, string])
  return `${pathTo('overlay')}?${new URLSearchParams(names)}`
}
