import type { Acceptance, ServerMetrics, Speculation } from './measurement.ts'
import { increaseOf, type PageMetrics, seriesNamed } from './server-series.ts'

/** Names of an engine's metrics about speculative decoding. */
export interface SpeculationMetricNames {
  /** Counters of drafts (one per sequence and step), of their tokens, and of accepted tokens. */
  readonly drafts: RegExp
  readonly draftTokens: RegExp
  readonly acceptedTokens: RegExp
  /** The same tokens by position in the draft. */
  readonly draftedAt: RegExp
  readonly acceptedAt: RegExp
  /** Gauges of the mean tokens per step, including the model's own, and of accepted divided by drafted tokens. */
  readonly length: RegExp
  readonly rate: RegExp
}

/** A share computed from counters; null without a denominator. */
interface Ratio {
  readonly of: number
  readonly over: number
}

/** Values of one page. */
interface Page {
  readonly rate: Ratio | null
  /** Accepted tokens divided by drafts. */
  readonly accepted: Ratio | null
  /** Accepted tokens at each position, and the number of drafts. */
  readonly at: { readonly accepted: readonly number[]; readonly drafts: number } | null
  readonly gauges: Acceptance
}

/**
 * Speculative decoding according to the server's metrics. A frontend's page counts only if no worker's page reports it,
 * because both may be the same page. Rates and lengths of several workers are computed from the sum of their tokens.
 * Undefined if nothing was drafted.
 */
export function speculationOf(server: ServerMetrics, names: SpeculationMetricNames): Speculation | undefined {
  const all = Object.entries(server).flatMap(([source, metrics]) => {
    const page = pageOf(metrics, names)
    return page === null ? [] : [{ source, page }]
  })
  const workers = all.filter(({ source }) => source !== 'frontend')
  const said = workers.length > 0 ? workers : all
  if (said.length === 0) return undefined
  const pages = said.map(({ page }) => page)
  const whole = acceptanceOf(pages)
  const byPosition = positionsOf(pages)
  const by = pages.some(({ rate, accepted }) => rate !== null || accepted !== null) ? 'counters' : 'gauges'
  return {
    by,
    ...whole,
    ...(byPosition === null ? {} : { byPosition }),
    ...(said.length < 2
      ? {}
      : { workers: Object.fromEntries(said.map(({ source, page }) => [source, acceptanceOf([page])])) }),
    ...(isPossible(whole, byPosition) ? {} : { isImpossible: true }),
  }
}

/**
 * Values from workers, combined with those of single requests from answers; only the answers' values if no worker
 * reports any.
 */
export function withRequests(
  workers: Speculation | undefined,
  answers: Speculation | undefined,
): Speculation | undefined {
  if (workers === undefined || answers?.requests === undefined) return workers ?? answers
  return { ...workers, requests: answers.requests }
}

function pageOf(metrics: PageMetrics, names: SpeculationMetricNames): Page | null {
  const [drafts, draftTokens, acceptedTokens] = [
    increaseOf(metrics, names.drafts),
    increaseOf(metrics, names.draftTokens),
    increaseOf(metrics, names.acceptedTokens),
  ]
  const [draftedAt, acceptedAt] = [byPlace(metrics, names.draftedAt), byPlace(metrics, names.acceptedAt)]
  // Each ratio uses counters that increase together. Counters by position may count finished requests, while the others
  // count steps.
  const page: Page = {
    rate: ratioOf(acceptedTokens, draftTokens) ?? ratioOf(sumOf(acceptedAt), sumOf(draftedAt)),
    accepted: ratioOf(acceptedTokens, drafts) ?? ratioOf(sumOf(acceptedAt), draftedAt?.[0] ?? null),
    at: atOf(acceptedAt, draftedAt === null ? drafts : (draftedAt[0] ?? null)),
    gauges: { rate: gaugeOf(metrics, names.rate), length: gaugeOf(metrics, names.length) },
  }
  const { rate, accepted, gauges } = page
  return rate === null && accepted === null && gauges.rate === null && gauges.length === null ? null : page
}

/**
 * Counts by position. A label that is the same for all series is not in their names; there is then only one position.
 */
function byPlace(metrics: PageMetrics, name: RegExp): readonly number[] | null {
  const series = seriesNamed(metrics, name)
  if (series.length === 0) return null
  const counts: number[] = []
  for (const [key, { last }] of series) {
    const position = Number(/[{,](?:token_)?position="(\d+)"/.exec(key)?.[1] ?? 0)
    while (counts.length <= position) counts.push(0)
    counts[position] = (counts[position] ?? 0) + last
  }
  return counts
}

const sumOf = (counts: readonly number[] | null) => counts?.reduce((sum, count) => sum + count, 0) ?? null

const ratioOf = (of: number | null, over: number | null): Ratio | null =>
  of === null || over === null || over === 0 ? null : { of, over }

const atOf = (accepted: readonly number[] | null, drafts: number | null): Page['at'] =>
  accepted === null || drafts === null || drafts === 0 ? null : { accepted, drafts }

/** Mean over the ranks that report the gauge. */
function gaugeOf(metrics: PageMetrics, name: RegExp): number | null {
  const values = seriesNamed(metrics, name).flatMap(([, { mean }]) => (mean > 0 ? [mean] : []))
  return meanOf(values)
}

const meanOf = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

/** From counters if any page has them, otherwise from gauges. */
function acceptanceOf(pages: readonly Page[]): Acceptance {
  const rate = joined(pages.flatMap(page => page.rate ?? []))
  const accepted = joined(pages.flatMap(page => page.accepted ?? []))
  return {
    rate: rate ?? meanOf(pages.flatMap(({ gauges }) => gauges.rate ?? [])),
    length: accepted === null ? meanOf(pages.flatMap(({ gauges }) => gauges.length ?? [])) : 1 + accepted,
  }
}

const joined = (ratios: readonly Ratio[]) =>
  ratios.length === 0
    ? null
    : ratios.reduce((sum, { of }) => sum + of, 0) / ratios.reduce((sum, { over }) => sum + over, 0)

function positionsOf(pages: readonly Page[]): readonly number[] | null {
  const known = pages.flatMap(({ at }) => at ?? [])
  const drafts = known.reduce((sum, page) => sum + page.drafts, 0)
  if (drafts === 0) return null
  const positions = known.reduce((most, { accepted }) => Math.max(most, accepted.length), 0)
  return Array.from(
    { length: positions },
    (_, place) => known.reduce((sum, { accepted }) => sum + (accepted[place] ?? 0), 0) / drafts,
  )
}

function isPossible({ rate, length }: Acceptance, byPosition: readonly number[] | null): boolean {
  return (rate ?? 0) <= 1 && (length ?? 1) >= 1 && (byPosition ?? []).every(share => share <= 1)
}
