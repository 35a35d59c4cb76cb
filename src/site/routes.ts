import { basename } from 'node:path'
import type { Crumb } from '../render/html/crumbs.ts'
import { apiResponse } from './api.ts'
import { createCache } from './cache.ts'
import type { Catalogue, RunSummary } from './catalogue.ts'
import { pointsInFlight } from './in-flight.ts'
import { listingOf } from './listing.ts'
import type { Pages } from './made-pages.ts'
import { metricsResponse } from './metrics.ts'
import { openInside } from './open-inside.ts'
import type { SiteAssets } from './pages/layout.ts'
import { problemPage } from './pages/problem.ts'
import { runPage } from './pages/run.ts'
import { hasHistory, runsPage } from './pages/runs.ts'
import type { SiteResponse } from './response.ts'
import { fileResponse, page } from './response.ts'
import { filesOf } from './run-files.ts'
import type { Target } from './target.ts'
import { pathTo } from './target.ts'

/** A response, or the request that is answered with a stream. */
export type Routed = SiteResponse | { readonly events: string }

/** What the routes serve. */
export interface Routes {
  readonly root: string
  readonly catalogue: Catalogue
  readonly pages: Pages
  readonly assets: SiteAssets
}

/** Cached pages; each has a few megabytes. */
const mostKept = 12
/** Cached API responses. One page of the list requests a comparison for each row. */
const mostJsonKept = 300

const home: Crumb = { href: '/', text: 'All runs' }
const crumbOf = ({ sweep, createdAt, place }: RunSummary): Crumb => ({
  href: `${pathTo('runs', place.sweep, place.run)}/`,
  text: `${sweep} ${createdAt.slice(0, 16).replace('T', ' ')}`,
})

/** Finds the page of a target, or responds with 404. */
export function createRouter({ root, catalogue, pages, assets }: Routes): (target: Target) => Promise<Routed> {
  const kept = createCache<string>(mostKept)
  const api = { catalogue, pages, kept: createCache<string>(mostJsonKept) }
  const missing = (what: string) =>
    problemPage(assets, { status: 404, title: 'Not found', message: `There is no ${what} here.` })
  const made = async (
    key: readonly string[],
    make: () => Promise<string>,
    allowed: Parameters<typeof page>[1] = { scripts: assets.report, styles: assets.styles },
  ) => page(await kept(key.join('\n'), make), allowed)

  const runRoute = async (sweep: string, name: string, rest: readonly string[]): Promise<Routed> => {
    const [kind, ...path] = rest
    if (kind === 'files') {
      const file = await openInside(root, [sweep, name, ...path])
      return file === null ? missing('such file') : fileResponse(file, path.at(-1) ?? '')
    }
    const run = await catalogue.find(sweep, name)
    if (run === null || path.length > 0) return missing('such run')
    if (kind === 'events') return { events: run.folder }
    if (kind === 'report')
      return made(['report', run.folder, run.stamp], () => pages.report(run.folder, [home, crumbOf(run)]))
    if (kind !== undefined) return missing('such page')
    const all = await catalogue.list()
    const siblings = all.filter(other => other.place.sweep === sweep && other.sweep === run.sweep)
    const own = siblings.find(other => other.place.run === name) ?? run
    return runPage(assets, own, siblings, await filesOf(run.folder), hasHistory(run, all))
  }

  const comparison = async (query: URLSearchParams): Promise<Routed> => {
    const runs = await catalogue.list()
    const named = (what: 'base' | 'head') =>
      runs.find(({ place }) => `${place.sweep}/${place.run}` === query.get(what)) ?? null
    const [base, head] = [named('base'), named('head')]
    if (base === null || head === null)
      return problemPage(assets, {
        status: 400,
        title: 'Nothing to compare',
        message: `${base === null ? 'The base' : 'The head'} is not a run here.`,
        remedy: 'Choose both in the list of runs.',
      })
    return made(
      ['comparison', base.folder, base.stamp, head.folder, head.stamp],
      () => pages.comparison(base.folder, head.folder, [home, crumbOf(base), crumbOf(head)]),
      assets.comparison,
    )
  }

  const overlay = async (query: URLSearchParams): Promise<Routed> => {
    const all = await catalogue.list()
    const asked = [...new Set(query.getAll('run'))]
    const runs = asked.map(name => all.find(({ place }) => `${place.sweep}/${place.run}` === name) ?? null)
    const unknown = asked[runs.indexOf(null)]
    if (asked.length === 0 || unknown !== undefined)
      return problemPage(assets, {
        status: 400,
        title: 'Nothing to draw',
        message: unknown === undefined ? 'No run was chosen.' : `${unknown} is not a run here.`,
        remedy: 'Choose runs in the list of runs.',
      })
    const found = runs.filter(run => run !== null)
    return made(
      ['overlay', ...found.flatMap(({ folder, stamp }) => [folder, stamp])],
      () =>
        pages.overlay(
          found.map(({ folder, place }) => ({ folder, link: `${pathTo('runs', place.sweep, place.run)}/` })),
          [home],
        ),
      assets.overlay,
    )
  }

  const history = async (sweep: string): Promise<Routed> => {
    const runs = (await catalogue.list()).filter(({ place }) => place.sweep === sweep)
    const [youngest] = runs
    if (youngest === undefined) return missing('such sweep')
    const stamps = runs.map(run => `${basename(run.folder)} ${run.stamp} ${run.isBaseline}`)
    return made(['history', sweep, ...stamps], () => pages.history(sweep, [home]), assets.history)
  }

  return async ({ segments, query }) => {
    const [first, second, third, ...rest] = segments
    if (first === undefined) {
      const all = await catalogue.list()
      return runsPage(assets, all, listingOf(all, query), query.get('q') ?? '')
    }
    if (first === 'api') return second === 'v1' ? apiResponse(api, segments.slice(2), query) : missing('such API')
    if (first === 'metrics' && second === undefined) {
      const runs = await catalogue.list()
      return metricsResponse(runs, await pointsInFlight(runs))
    }
    if (first === 'compare' && second === undefined) return comparison(query)
    if (first === 'overlay' && second === undefined) return overlay(query)
    if (first === 'history' && second !== undefined && third === undefined) return history(second)
    if (first === 'runs' && second !== undefined && third !== undefined) return runRoute(second, third, rest)
    return missing('such page')
  }
}
