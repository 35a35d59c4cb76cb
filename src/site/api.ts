import type { createCache } from './cache.ts'
import type { Catalogue, RunSummary } from './catalogue.ts'
import { listingOf } from './listing.ts'
import type { Pages } from './made-pages.ts'
import { jsonResponse, jsonTextResponse, type SiteResponse } from './response.ts'
import { pathTo } from './target.ts'

/** Path of version 1. A version keeps its paths and fields, and may get new fields. */
const apiPath = '/api/v1'

/** What the API reads, and the cache that keeps its responses. */
export interface ApiSources {
  readonly catalogue: Catalogue
  readonly pages: Pages
  readonly kept: ReturnType<typeof createCache<string>>
}

/** An error response of the API. */
export const apiProblem = (status: number, message: string, remedy?: string): SiteResponse =>
  jsonResponse({ error: { message, remedy: remedy ?? null } }, status)

/** Responses below {@link apiPath}. */
export async function apiResponse(
  { catalogue, pages, kept }: ApiSources,
  segments: readonly string[],
  query: URLSearchParams,
): Promise<SiteResponse> {
  const [what, sweep, name, part, ...rest] = segments
  const all = await catalogue.list()
  if (what === undefined) return jsonResponse({ version: 1, runs: `${apiPath}/runs`, compare: `${apiPath}/compare` })
  if (what === 'runs' && sweep === undefined) {
    const listing = listingOf(all, query)
    if ('message' in listing) return apiProblem(400, listing.message, listing.remedy)
    const { total, page, pages: count, perPage, runs } = listing
    return jsonResponse({ total, page, pages: count, perPage, runs: runs.map(runJson) })
  }
  if (what === 'compare' && sweep === undefined) {
    const [base, head] = [named(all, query.get('base')), named(all, query.get('head'))]
    if (base === undefined || head === undefined)
      return apiProblem(
        404,
        `${base === undefined ? 'base' : 'head'} is not a run here.`,
        'Give base and head as SWEEP/RUN, the names of their folders.',
      )
    return jsonTextResponse(await comparison({ pages, kept }, base, head))
  }
  if (what !== 'runs' || name === undefined || rest.length > 0) return apiProblem(404, 'This path does not exist.')
  const run = all.find(({ place }) => place.sweep === sweep && place.run === name)
  if (run === undefined) return apiProblem(404, 'This run does not exist.')
  switch (part) {
    case undefined:
      return jsonResponse(runJson(run))
    case 'points':
      return jsonTextResponse(await kept(['points', run.folder, run.stamp].join('\n'), () => pages.points(run.folder)))
    case 'since':
      return jsonResponse(await since({ pages, kept }, run, all))
    default:
      return apiProblem(404, 'This path does not exist.')
  }
}

const comparison = ({ pages, kept }: Pick<ApiSources, 'pages' | 'kept'>, base: RunSummary, head: RunSummary) =>
  kept(['comparison-json', base.folder, base.stamp, head.folder, head.stamp].join('\n'), () =>
    pages.comparisonJson(base.folder, head.folder),
  )

const named = (all: readonly RunSummary[], name: string | null) =>
  all.find(({ place }) => `${place.sweep}/${place.run}` === name)

/** Changes since the previous run, as `fulcrum compare` reports them; null if no previous run has a valid point. */
async function since(
  api: Pick<ApiSources, 'pages' | 'kept'>,
  run: RunSummary,
  all: readonly RunSummary[],
): Promise<{ readonly base: string | null; readonly verdict: string | null; readonly slower: number | null }> {
  const older = all.slice(all.indexOf(run) + 1)
  const isMeasured = ({ state, points }: RunSummary) => state !== 'running' && points.ok > 0
  const base = older.find(
    other => other.sweep === run.sweep && other.place.sweep === run.place.sweep && isMeasured(other),
  )
  if (base === undefined || !isMeasured(run)) return { base: null, verdict: null, slower: null }
  const { verdict, tests, slowerPoints } = JSON.parse(await comparison(api, base, run))
  return { base: `${base.place.sweep}/${base.place.run}`, verdict, slower: tests === 0 ? null : slowerPoints }
}

/** A run for programs: the fields of the list, and the paths of its other data. */
function runJson({ place, folder: _, stamp: __, ...run }: RunSummary): object {
  const path = pathTo('runs', place.sweep, place.run)
  return {
    ...run,
    path: `${place.sweep}/${place.run}`,
    links: { page: `${path}/`, report: `${path}/report`, points: `/api/v1${path}/points`, files: `${path}/files` },
  }
}
