import type { Cell } from './cells.ts'
import type { Observation } from './observe.ts'

/** Throughput that grows by less than this power of the load has reached its limit. */
const flatBelow = 0.25

/** A latency above this multiple of the latency without waiting indicates a queue that no burst explains. */
const queuedAbove = 3

/** More waiting requests per prefill worker than this form a queue that never empties. */
const queuedRequests = 2

/** Ratio of a pool's capability to its measured rate above which the other pool counts as the limit. */
const clearly = 1.2

/** Share of the prompts/s implied by the lightest load's TTFT that a prefill pool is certain to reach. */
const surely = 0.6

/** Maximum requests/s measured for a saturated deployment. */
interface Saturated {
  readonly requestsPerS: number
  /** Upper bound at any load: throughput that still rises with the load is assumed to keep rising. */
  readonly most: number
  readonly cell: Cell
}

/** Rate limits of workers, derived from all their measurements. */
export interface Rates {
  /** Upper bound of the requests/s of a cell's deployment. */
  most(cell: Cell): number
  /** Prompts/s that a prefill pool has been seen to read, or has capacity for. */
  prefillCan(pool: Cell['prefill']): number
}

/**
 * Bounds throughput from measured points, assuming that workers of a kind never become faster by being more numerous.
 * Then:
 *
 * - no deployment exceeds a saturated one of the same pools by more than the larger of its two ratios of workers;
 * - if other measurements show that one pool could have done more, and none shows that the other one could, that other
 *   pool was the limit, and its rate per worker is the maximum for workers of that kind in any combination.
 *
 * @param unloadedTtftS lowest TTFT of each kind of prefill pool in s
 */
export function rateBound(seen: readonly Observation[], unloadedTtftS: ReadonlyMap<string, number>): Rates {
  const saturated = [...Map.groupBy(seen, o => o.cell.planned).values()].flatMap(alike => {
    const rise = elasticity(alike)
    if (!isQueued(alike, unloadedTtftS) && rise >= flatBelow) return []
    const best = alike.reduce((most, o) => (o.requestsPerS > most.requestsPerS ? o : most))
    return { requestsPerS: best.requestsPerS, most: best.requestsPerS * headroom(rise), cell: best.cell }
  })
  const prefillCan = new Map(mostOf(seen, o => [o.cell.prefill.kind, o.requestsPerS / o.cell.prefill.workers]))
  // Read one after another, as many prompts per second as the lightest load's TTFT allows.
  for (const [kind, ttftS] of unloadedTtftS) prefillCan.set(kind, Math.max(prefillCan.get(kind) ?? 0, surely / ttftS))
  const decodeCan = mostOf(seen, o => [o.cell.decode.kind, o.requestsPerS / o.cell.decode.workers])
  const could = (can: ReadonlyMap<string, number>, { kind, workers }: Cell['prefill']) => (can.get(kind) ?? 0) * workers
  const isDecodeFree = ({ cell, requestsPerS }: Saturated) => could(decodeCan, cell.decode) > requestsPerS * clearly
  const isPrefillFree = ({ cell, requestsPerS }: Saturated) => could(prefillCan, cell.prefill) > requestsPerS * clearly
  const perPrefill = leastOf(
    saturated.filter(one => isDecodeFree(one) && !isPrefillFree(one)),
    ({ cell, most }) => [cell.prefill.kind, most / cell.prefill.workers],
  )
  const perDecode = leastOf(
    saturated.filter(one => isPrefillFree(one) && !isDecodeFree(one)),
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
 * Whether requests queue. With dedicated prefill workers: more than two wait for each (Little's law on the queue,
 * without the initial burst of a closed loop). Otherwise: latency is several times the processing time.
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

/** Factor by which throughput may still grow if it last rose with this power of the load. */
const headroom = (rise: number) => 1.03 + 0.6 * Math.min(rise, flatBelow)

/**
 * Power of the requests in flight with which throughput rose up to the heaviest load of one deployment. Compares it
 * with a load that is at least a third lighter, because noise between close loads could look like saturation. 1 without
 * two such loads.
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
 * Mean requests in flight by Little's law: fewer than the concurrency if a few requests of varied lengths end one after
 * another.
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
