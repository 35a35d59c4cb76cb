import type { Cell } from './cells.ts'
import type { Observation } from './observe.ts'

/** Throughput that rises with less than this power of the load has reached its limit. */
const flatBelow = 0.25

/** A latency of more than this many times what it would be without waiting is a queue that no burst explains. */
const queuedAbove = 3

/** More requests than this waiting for each prefill worker are a queue that never empties. */
const queuedRequests = 2

/** How much more than what it did a pool has to be able to do before the other pool is taken for the limit. */
const clearly = 1.2

/**
 * Of the prompts/s that the lightest load's TTFT has room for, the share that a prefill pool can be relied on to read.
 */
const surely = 0.6

/** The most requests/s that a saturated deployment showed. */
interface Saturated {
  readonly requestsPerS: number
  /** The most that it may have at any load: throughput that still rises with the load goes on to do so. */
  readonly most: number
  readonly cell: Cell
}

/** How fast workers can be, by what they did anywhere. */
export interface Rates {
  /** The most requests/s that a cell's deployment can have. */
  most(cell: Cell): number
  /** Prompts/s that a prefill pool was seen to read, or has room for. */
  prefillCan(pool: Cell['prefill']): number
}

/**
 * Bounds throughput from measured points, on one assumption: workers of a kind never do better each by being more. Then
 *
 * - no deployment exceeds a saturated one of the same pools by more than the larger of its two ratios of workers;
 * - where another measurement shows that one pool could have done more, the other pool was the limit, and what each of
 *   its workers did is the most that workers of that kind can do, whatever they are combined with.
 *
 * @param unloadedTtftS of each kind of prefill pool, the least TTFT seen
 */
export function rateBound(seen: readonly Observation[], unloadedTtftS: ReadonlyMap<string, number>): Rates {
  const saturated = [...Map.groupBy(seen, o => o.cell.planned).values()].flatMap(alike => {
    const rise = elasticity(alike)
    if (!isQueued(alike, unloadedTtftS) && rise >= flatBelow) return []
    const best = alike.reduce((most, o) => (o.requestsPerS > most.requestsPerS ? o : most))
    return { requestsPerS: best.requestsPerS, most: best.requestsPerS * headroom(rise), cell: best.cell }
  })
  const prefillCan = new Map(mostOf(seen, o => [o.cell.prefill.kind, o.requestsPerS / o.cell.prefill.workers]))
  // Read one after another, as many prompts a second as the lightest load's TTFT has room for.
  for (const [kind, ttftS] of unloadedTtftS) prefillCan.set(kind, Math.max(prefillCan.get(kind) ?? 0, surely / ttftS))
  const decodeCan = mostOf(seen, o => [o.cell.decode.kind, o.requestsPerS / o.cell.decode.workers])
  const could = (can: ReadonlyMap<string, number>, { kind, workers }: Cell['prefill']) => (can.get(kind) ?? 0) * workers
  const perPrefill = leastOf(
    saturated.filter(({ cell, requestsPerS }) => could(decodeCan, cell.decode) > requestsPerS * clearly),
    ({ cell, most }) => [cell.prefill.kind, most / cell.prefill.workers],
  )
  const perDecode = leastOf(
    saturated.filter(({ cell, requestsPerS }) => could(prefillCan, cell.prefill) > requestsPerS * clearly),
    ({ cell, most }) => [cell.decode.kind, most / cell.decode.workers],
  )
  const byPair = Map.groupBy(saturated, ({ cell }) => pairOf(cell))
  const most = (cell: Cell) => {
    const { prefill, decode } = cell
    const scaled = (byPair.get(pairOf(cell)) ?? []).map(
      s => s.most * Math.max(prefill.workers / s.cell.prefill.workers, decode.workers / s.cell.decode.workers),
    )
    const byPrefill = prefill.workers * (perPrefill.get(prefill.kind) ?? Number.POSITIVE_INFINITY)
    const byDecode = decode.workers * (perDecode.get(decode.kind) ?? Number.POSITIVE_INFINITY)
    return Math.min(byPrefill, byDecode, ...scaled)
  }
  return { most, prefillCan: pool => could(prefillCan, pool) }
}

const pairOf = (cell: Cell) => `${cell.prefill.kind} ${cell.decode.kind}`

/**
 * Whether requests wait: in prefill workers of their own, more than two for each (Little's law on the queue, without
 * the burst with which a closed loop begins); else, several times longer than they are worked on.
 */
function isQueued(own: readonly Observation[], unloadedTtftS: ReadonlyMap<string, number>): boolean {
  return own.some(({ cell, ttftS, itlS, osl, requestsPerS }) => {
    const unloadedS = unloadedTtftS.get(cell.prefill.kind) ?? ttftS
    if (cell.kind === 'concurrency' && cell.prefill.kind !== cell.decode.kind) {
      const load = cell.load ?? 1
      const burstS = (load / cell.prefill.workers) * (unloadedS / 2) * (load / (cell.repeats[0]?.load.requests ?? load))
      return requestsPerS * (ttftS - unloadedS - burstS) > queuedRequests * cell.prefill.workers
    }
    const tokensS = osl * itlS
    return ttftS + tokensS > queuedAbove * (unloadedS + tokensS)
  })
}

/** What throughput may yet gain that rose with this power of the load at last. */
const headroom = (rise: number) => 1.03 + 0.6 * Math.min(rise, flatBelow)

/**
 * Power of the requests in flight with which throughput rose to the heaviest load of one deployment, from one that had
 * a third fewer at least: noise between near ones would pass for a bend. 1 without two such loads.
 */
function elasticity(own: readonly Observation[]): number {
  const rising = own.toSorted((a, b) => (a.cell.load ?? 0) - (b.cell.load ?? 0))
  const high = rising.at(-1)
  if (high === undefined) return 1
  const low = rising.findLast(o => inFlight(o) <= inFlight(high) / 1.5)
  if (low === undefined) return 1
  const rise = Math.log(high.requestsPerS / low.requestsPerS) / Math.log(inFlight(high) / inFlight(low))
  return Math.min(1, Math.max(0, rise))
}

/**
 * Mean requests in flight, by Little's law: fewer than the concurrency where a few requests of varied lengths end one
 * after another.
 */
function inFlight({ requestsPerS, ttftS, osl, itlS }: Observation): number {
  return requestsPerS * (ttftS + osl * itlS)
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
