import type { RunSummary } from './catalogue.ts'
import { fieldNames, search, unknownFields } from './search.ts'

/** Default number of rows per page. */
export const usualRows = 100
/** Maximum number of rows per page. */
export const mostRows = 1000

/** Sort keys of the list, by column name. Null sorts last in both directions. */
const orders: Readonly<Record<string, (run: RunSummary) => string | number | null>> = {
  created: run => run.createdAt,
  name: run => run.sweep.toLowerCase(),
  status: run => run.state,
  points: run => run.points.ok + run.points.invalid + run.points.failed,
  throughput: run => run.best?.tokensPerSPerGpu ?? null,
  interactivity: run => run.best?.tokensPerSPerUser ?? null,
  ttft: run => run.best?.ttftP95Ms ?? null,
}

/** Names of the orders, without the minus for descending. */
export const orderNames: readonly string[] = Object.keys(orders)

/** A page of the list of runs. */
export interface Listing {
  /** The search as typed. */
  readonly query: string
  /** A name of {@link orderNames}; a leading minus means descending. */
  readonly sort: string
  /** From 1. */
  readonly page: number
  readonly pages: number
  readonly perPage: number
  /** Number of runs on all pages. */
  readonly total: number
  readonly runs: readonly RunSummary[]
}

/** The reason why a page or an order does not exist. */
export interface ListingProblem {
  readonly message: string
  readonly remedy: string
}

/** Newest first. */
export const usualSort = '-created'

/**
 * The page of runs for a query: `q` searches, `sort` orders, `page` and `per_page` select.
 * @param all newest first
 */
export function listingOf(all: readonly RunSummary[], asked: URLSearchParams): Listing | ListingProblem {
  const query = asked.get('q') ?? ''
  const [unknown] = unknownFields(query)
  if (unknown !== undefined)
    return {
      message: `Unknown field '${unknown}'.`,
      remedy: `Fields: ${fieldNames.join(', ')}. To search for the text itself, put it in quotes.`,
    }
  const sort = asked.get('sort') ?? usualSort
  const of = Object.hasOwn(orders, sort.replace(/^-/, '')) ? orders[sort.replace(/^-/, '')] : undefined
  if (of === undefined)
    return {
      message: `Unknown order '${sort}'.`,
      remedy: `Sort by ${orderNames.join(', ')}; a minus before the name sorts the largest first.`,
    }
  const perPage = wholeNumber(asked.get('per_page'), usualRows)
  const page = wholeNumber(asked.get('page'), 1)
  if (perPage === null || page === null || perPage > mostRows)
    return {
      message: 'Invalid page.',
      remedy: `page is a whole number from 1, per_page one from 1 to ${mostRows}.`,
    }
  const found = sorted(search(all, query), of, sort.startsWith('-'))
  const pages = Math.max(1, Math.ceil(found.length / perPage))
  const runs = found.slice((page - 1) * perPage, page * perPage)
  return { query, sort, page, pages, perPage, total: found.length, runs }
}

/** Null if the text is not a whole number. */
function wholeNumber(text: string | null, otherwise: number): number | null {
  if (text === null) return otherwise
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null
}

/** The sort is stable, so equal runs stay newest first. */
function sorted(
  runs: readonly RunSummary[],
  of: (run: RunSummary) => string | number | null,
  descending: boolean,
): readonly RunSummary[] {
  const sign = descending ? -1 : 1
  return runs.toSorted((a, b) => {
    const [left, right] = [of(a), of(b)]
    if (left === right) return 0
    if (left === null) return 1
    if (right === null) return -1
    return left < right ? -sign : sign
  })
}
