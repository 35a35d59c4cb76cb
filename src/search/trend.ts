import { smallest } from '../model/index.ts'
import { type Cell, loadPerWorker } from './cells.ts'
import type { Observation } from './observe.ts'
import { rateBound } from './rates.ts'
import { type SharedWorker, sharedWorker } from './shared-worker.ts'
import { type Pace, paceOf, sequencesPerWorker } from './step-time.ts'

/** Performance of a cell according to queueing laws and measurements of its pools. */
export interface Trend {
  readonly requestsPerS: number
  readonly itlS: number
  /** Seconds per token as users see them: the inverse of their mean tokens/s. */
  readonly tokenS: number
  readonly ttftS: number
  /** TTFT at the 95th percentile. A closed loop starts all its requests at once, and they wait for each other. */
  readonly ttftP95S: number
  /** Output tokens per request. */
  readonly osl: number
  /** Whether the throughput bound decides, rather than the load. */
  readonly isBounded: boolean
}

/** Trend of one workload; null if one of a cell's pools is unknown. */
export type TrendOf = (cell: Cell) => Trend | null

/**
 * Little's law for the whole deployment (closed loop: concurrency = rate × latency), limited by the throughput bound.
 * The ITL of decode workers follows from their sequences, by the same law; that of aggregated workers follows from
 * their load.
 *
 * @param seen observations of one workload
 */
export function trendOf(seen: readonly Observation[]): TrendOf {
  const unloaded = new Map(
    byKind(seen, 'prefill').map(([kind, alike]) => [kind, smallest(alike.map(o => o.ttftS))] as const),
  )
  const decoding = new Map(
    byKind(
      seen.filter(o => !isShared(o.cell)),
      'decode',
    ).map(([kind, alike]) => [kind, paceOf(alike, sequencesPerWorker)]),
  )
  const shared = new Map(
    byKind(
      seen.filter(o => isShared(o.cell)),
      'decode',
    ).map(([kind, alike]) => [kind, sharedWorker(alike, unloaded.get(kind) ?? 0)]),
  )
  const rates = rateBound(seen, unloaded)
  // The few requests of a light load have their own mean length, which is the same for every deployment.
  const oslAt = new Map([...Map.groupBy(seen, o => o.cell.load)].map(([load, alike]) => [load, meanOsl(alike)]))
  const oslOfAll = meanOsl(seen)
  return cell => {
    const unloadedTtftS = unloaded.get(cell.prefill.kind)
    if (unloadedTtftS === undefined || cell.load === null) return null
    const common: Common = {
      load: cell.load,
      unloadedTtftS,
      most: rates.most(cell),
      promptsPerS: rates.prefillCan(cell.prefill),
      osl: oslAt.get(cell.load) ?? oslOfAll,
    }
    if (isShared(cell)) {
      const worker = shared.get(cell.decode.kind)
      return worker === undefined ? null : sharedTrend(cell, common, worker)
    }
    const pace = decoding.get(cell.decode.kind)
    return pace === undefined ? null : decodeTrend(cell, common, pace)
  }
}

/** Whether the same workers read prompts and generate tokens. */
const isShared = ({ prefill, decode }: Cell) => prefill.kind === decode.kind

const byKind = (seen: readonly Observation[], pool: 'prefill' | 'decode') => [
  ...Map.groupBy(seen, ({ cell }) => cell[pool].kind),
]

const meanOsl = (seen: readonly Observation[]) => seen.reduce((sum, o) => sum + o.osl, 0) / Math.max(1, seen.length)

/** Assumed duration of an open loop in s, if the point does not specify one. */
const usualDurationS = 60

/** Properties of a cell that do not depend on its kind of workers. */
interface Common {
  readonly load: number
  readonly unloadedTtftS: number
  /** Upper bound of requests/s. */
  readonly most: number
  /** Prompts/s that its prefill workers have been seen to read, or have capacity for. */
  readonly promptsPerS: number
  readonly osl: number
}

/** Requests/s without any waiting. */
function freeRate(cell: Cell, { load, unloadedTtftS, osl }: Common, itlS: number): number {
  return cell.kind === 'rate' ? load : load / (unloadedTtftS + osl * itlS)
}

function decodeTrend(cell: Cell, common: Common, pace: Pace): Trend {
  const rateAt = (itlS: number) => Math.min(common.most, freeRate(cell, common, itlS))
  const sequences = fixedPoint(b => {
    const itlS = pace.itlS(Math.max(1, b))
    return (rateAt(itlS) * common.osl * itlS) / cell.decode.workers
  })
  const itlS = pace.itlS(Math.max(1, sequences))
  const tokenS = pace.tokenS(Math.max(1, sequences))
  return waiting(cell, common, { itlS, tokenS, freeRequestsPerS: freeRate(cell, common, itlS) })
}

function sharedTrend(cell: Cell, common: Common, worker: SharedWorker): Trend {
  const loadEach = loadPerWorker(cell)
  const itlS = worker.itlS(loadEach)
  const share = cell.kind === 'rate' ? 1 : worker.rateShare(loadEach)
  const freeRequestsPerS = share * freeRate(cell, common, itlS)
  return waiting(cell, common, { itlS, tokenS: worker.tokenS(loadEach), freeRequestsPerS })
}

/** Waiting time of requests, given their processing time. */
function waiting(
  cell: Cell,
  { load, unloadedTtftS, most, promptsPerS, osl }: Common,
  pace: { readonly itlS: number; readonly tokenS: number; readonly freeRequestsPerS: number },
): Trend {
  const { itlS, tokenS, freeRequestsPerS } = pace
  const requestsPerS = Math.min(most, freeRequestsPerS)
  // Requests that arrive faster than they are served wait, on average for half of the run's surplus.
  const surplus = Math.max(0, 1 - requestsPerS / load)
  const waitS =
    cell.kind === 'rate'
      ? unloadedTtftS + (surplus * (cell.repeats[0]?.load.durationS ?? usualDurationS)) / 2
      : load / requestsPerS - osl * itlS
  const ttftS = Math.max(unloadedTtftS, waitS)
  return {
    requestsPerS,
    itlS,
    tokenS,
    ttftS,
    ttftP95S: Math.max(ttftS, unloadedTtftS + burstWaitS(cell, promptsPerS)),
    osl,
    isBounded: freeRequestsPerS > most,
  }
}

/** 95th percentile of the wait in a closed loop's initial burst, over all requests, in s. */
function burstWaitS({ kind, load, repeats }: Cell, promptsPerS: number): number {
  if (kind !== 'concurrency' || load === null) return 0
  const requests = repeats[0]?.load.requests ?? load
  const before = Math.max(0, load - 0.05 * requests)
  return before / promptsPerS
}

/**
 * Fixed point of an increasing function that grows more slowly than its argument; the largest bracket if there is none.
 */
function fixedPoint(of: (value: number) => number): number {
  let [low, high] = [0, 1]
  while (of(high) > high && high < 1e7) high *= 2
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2
    if (of(middle) > middle) low = middle
    else high = middle
  }
  return high
}
