import type { Cell } from './cells.ts'
import type { Observation } from './observe.ts'

/** Throughput that rises with less than this power of the load has reached its limit. */
const flatBelow = 0.25

/** A latency of more than this many times what it would be without waiting is a queue that no burst explains. */
const queuedAbove = 3

/** How much more than what it showed a saturated deployment may yet have, as a factor. */
const slack = 1.05

/** The most requests/s that a saturated deployment showed. */
interface Saturated {
  readonly requestsPerS: number
  readonly cell: Cell
}

/** The most requests/s that a cell's deployment can have, by what others of the same pools had. */
export type RateBound = (cell: Cell) => number

/**
 * Bounds throughput from measured points, on one assumption: workers of a kind never do better each by being more. Then
 *
 * - no deployment exceeds a saturated one of the same pools by more than the larger of its two ratios of workers;
 * - where another measurement shows that one pool could have done more, the other pool was the limit, and what each of its workers
 *   did is the most that workers of that kind can do, whatever they are combined with.
 *
 * @param unloadedTtftS of each kind of prefill pool, the least TTFT seen
 */
export function rateBound(seen: readonly Observation[], unloadedTtftS: ReadonlyMap<string, number>): RateBound {
  const saturated = [...Map.groupBy(seen, o => o.cell.planned).values()].flatMap(alike =>
    isSaturated(alike, unloadedTtftS) ? alike.reduce((best, o) => (o.requestsPerS > best.requestsPerS ? o : best)) : [],
  )
  const prefillCan = mostOf(seen, o => [o.cell.prefill.kind, o.requestsPerS / o.cell.prefill.workers])
  const decodeCan = mostOf(seen, o => [o.cell.decode.kind, o.requestsPerS / o.cell.decode.workers])
  const could = (can: ReadonlyMap<string, number>, { kind, workers }: Cell['prefill']) => (can.get(kind) ?? 0) * workers
  const perPrefill = leastOf(
    saturated.filter(({ cell, requestsPerS }) => could(decodeCan, cell.decode) > requestsPerS * slack),
    ({ cell, requestsPerS }) => [cell.prefill.kind, requestsPerS / cell.prefill.workers],
  )
  const perDecode = leastOf(
    saturated.filter(({ cell, requestsPerS }) => could(prefillCan, cell.prefill) > requestsPerS * slack),
    ({ cell, requestsPerS }) => [cell.decode.kind, requestsPerS / cell.decode.workers],
  )
  const byPair = Map.groupBy(saturated, ({ cell }) => pairOf(cell))
  return cell => {
    const { prefill, decode } = cell
    const scaled = (byPair.get(pairOf(cell)) ?? []).map(
      s => s.requestsPerS * Math.max(prefill.workers / s.cell.prefill.workers, decode.workers / s.cell.decode.workers),
    )
    const byPrefill = prefill.workers * (perPrefill.get(prefill.kind) ?? Number.POSITIVE_INFINITY)
    const byDecode = decode.workers * (perDecode.get(decode.kind) ?? Number.POSITIVE_INFINITY)
    return slack * Math.min(byPrefill, byDecode, ...scaled)
  }
}

const pairOf = (cell: Cell) => `${cell.prefill.kind} ${cell.decode.kind}`

/** Whether more load stopped bringing more throughput, or requests wait several times longer than they are worked on. */
function isSaturated(own: readonly Observation[], unloadedTtftS: ReadonlyMap<string, number>): boolean {
  const isQueued = own.some(({ cell, ttftS, itlS, osl }) => {
    const tokensS = osl * itlS
    return ttftS + tokensS > queuedAbove * ((unloadedTtftS.get(cell.prefill.kind) ?? ttftS) + tokensS)
  })
  return isQueued || elasticity(own) < flatBelow
}

/** Power of the load with which throughput rose between the two heaviest loads of one deployment; 1 with fewer than two. */
export function elasticity(own: readonly Observation[]): number {
  const [low, high] = own.toSorted((a, b) => (a.cell.load ?? 0) - (b.cell.load ?? 0)).slice(-2)
  if (low === undefined || high === undefined) return 1
  const rise = Math.log(high.requestsPerS / low.requestsPerS) / Math.log((high.cell.load ?? 1) / (low.cell.load ?? 1))
  return Math.min(1, Math.max(0, rise))
}

function mostOf(seen: readonly Observation[], of: (o: Observation) => readonly [string, number]) {
  return extremes(seen.map(of), Math.max)
}

function leastOf(seen: readonly Saturated[], of: (s: Saturated) => readonly [string, number]) {
  return extremes(seen.map(of), Math.min)
}

function extremes(
  pairs: readonly (readonly [string, number])[],
  pick: (a: number, b: number) => number,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const [kind, value] of pairs) found.set(kind, pick(found.get(kind) ?? value, value))
  return found
}
