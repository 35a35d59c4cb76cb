import { percentileOfSorted } from '../../src/metrics/percentiles/index.ts'
import { createRandom, rolesOf, type Slo, type Topology, type Workload, workersOf } from '../../src/model/index.ts'
import { createEngine } from '../../src/simulator/engine.ts'
import { createLoadLoop } from '../../src/simulator/load-loop.ts'
import { loadProfile } from '../../src/simulator/profile.ts'
import type { Recorder } from '../../src/simulator/recorder.ts'
import { drawnRequests } from '../../src/simulator/request-source.ts'

export const profile = await loadProfile('deepseek-r1-fp4-gb200')

/** What random traffic meets in steady state at one rate: 95th percentiles, ms. */
interface Steady {
  readonly requestsPerS: number
  readonly ttftMs: number
  readonly itlMs: number
}

const counted = 5000

/**
 * Arrivals of this benchmark's own (mulberry32, exponential gaps), so that the generator's can't be wrong in the same
 * way.
 */
function ownArrivals(requestsPerS: number, seed: number): () => number {
  let state = seed >>> 0
  let atMs = 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    const uniform = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    atMs += (-1000 * Math.log(1 - uniform)) / requestsPerS
    return atMs
  }
}

/**
 * A long run in virtual time whose start, while the deployment fills, is dropped; null where queues grow without end.
 */
function steadyAt(topology: Topology, workload: Workload, requestsPerS: number, latencyMs: number): Steady {
  const dropped = Math.ceil(Math.max(500, (3 * latencyMs * requestsPerS) / 1000))
  const answers: { readonly dueMs: number; readonly ttftMs: number; readonly itlMs: number }[] = []
  const recorder: Recorder = {
    gap() {},
    begin() {},
    sent() {},
    lost() {},
    answered({ request, dueMs, firstMs, lastMs }) {
      const tokens = request.outputTokens - 1
      answers.push({ dueMs, ttftMs: firstMs - dueMs, itlMs: tokens > 0 ? (lastMs - firstMs) / tokens : Number.NaN })
    },
    summary() {
      throw new Error('not asked for')
    },
  }
  const engine = createEngine({ profile, routing: 'round-robin', random: createRandom(11).fork('frontend') })
  for (const role of rolesOf(topology))
    for (let worker = 0; worker < workersOf(topology, role); worker++) engine.addWorker(role, {}, 0)
  const firstChunkMs = profile.frontend.firstChunkMs ?? 0
  const source = drawnRequests(workload, createRandom(11), null)
  const loop = createLoadLoop({ engine, firstChunkMs, recorder }, source, { count: 64, used: 0 })
  const dueMs = ownArrivals(requestsPerS, 11)
  let sent = 0
  const endless = Number.POSITIVE_INFINITY
  loop.open(
    {
      startMs: 0,
      most: endless,
      before: null,
      measured: () => (sent++ < dropped + counted ? dueMs() : endless),
      after: null,
      windowMs: null,
    },
    { stopMs: endless, giveUpMs: endless, timeoutMs: endless },
  )
  const kept = answers.sort((a, b) => a.dueMs - b.dueMs).slice(dropped)
  const p95 = (of: (answer: (typeof kept)[number]) => number) =>
    percentileOfSorted(Float64Array.from(kept.map(of).filter(Number.isFinite)).sort(), 95)
  return { requestsPerS, ttftMs: p95(answer => answer.ttftMs), itlMs: p95(answer => answer.itlMs) }
}

/** Where between nothing and all that a deployment answers its truth is looked at. */
const shares = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.36, 0.43, 0.5, 0.57, 0.64, 0.7, 0.76, 0.82, 0.88, 0.94, 1]

/** The most random traffic within an SLO, and what stops it; null beyond what was looked at. */
export type Truth = (slo: Slo) => { readonly requestsPerS: number; readonly limit: 'ttftMs' | 'itlMs' } | null

/**
 * @param most requests/s that the deployment answers at most
 * @param latencyMs mean latency when it is full
 */
export function truthOf(topology: Topology, workload: Workload, most: number, latencyMs: number): Truth {
  const seen = shares.map(share => steadyAt(topology, workload, share * most, latencyMs))
  /** The rate at which a p95 comes to its limit, on the straight line between two rates. */
  const reached = (metric: 'ttftMs' | 'itlMs', limit = Number.POSITIVE_INFINITY): number => {
    const over = seen.findIndex(at => at[metric] > limit)
    if (over === -1) return Number.POSITIVE_INFINITY
    const [low, high] = [seen[over - 1], seen[over]]
    if (low === undefined || high === undefined) return 0
    return (
      low.requestsPerS + ((high.requestsPerS - low.requestsPerS) * (limit - low[metric])) / (high[metric] - low[metric])
    )
  }
  return slo => {
    const [ttft, itl] = [reached('ttftMs', slo.ttftP95Ms), reached('itlMs', slo.itlP95Ms)]
    const requestsPerS = Math.min(ttft, itl)
    if (requestsPerS === 0 || requestsPerS === Number.POSITIVE_INFINITY) return null
    return { requestsPerS, limit: ttft < itl ? 'ttftMs' : 'itlMs' }
  }
}
