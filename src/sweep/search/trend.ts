import type { Cell } from './cells.ts'
import type { Observation } from './observe.ts'
import { type Rates, rateBound } from './rates.ts'
import { type StepTime, stepTime } from './step-time.ts'

/** What a cell shows by the laws of queues and what was measured of its pools. */
export interface Trend {
  readonly requestsPerS: number
  readonly itlS: number
  readonly ttftS: number
  /** TTFT at the 95th percentile: a closed loop begins with all its requests at once, which wait for one another. */
  readonly ttftP95S: number
  /** Output tokens a request. */
  readonly osl: number
  /** Whether the bound on throughput, not the load, decides it. */
  readonly isBounded: boolean
}

/** The trend of one workload; null where nothing is known of one of a cell's pools. */
export type TrendOf = (cell: Cell) => Trend | null

/**
 * Little's law on the whole deployment (closed loop: concurrency = rate × latency) and on its decode workers, with the ITL that
 * follows from their sequences, cut off at the bound on throughput.
 *
 * @param seen the observations of one workload
 */
export function trendOf(seen: readonly Observation[]): TrendOf {
  const unloaded = new Map(
    [...Map.groupBy(seen, o => o.cell.prefill.kind)].map(([kind, alike]) => [
      kind,
      Math.min(...alike.map(o => o.ttftS)),
    ]),
  )
  const steps = new Map([...Map.groupBy(seen, o => o.cell.decode.kind)].map(([kind, alike]) => [kind, stepTime(alike)]))
  const rates = rateBound(seen, unloaded)
  // Few requests at a light load have a mean length of their own, the same for every deployment.
  const oslAt = new Map([...Map.groupBy(seen, o => o.cell.load)].map(([load, alike]) => [load, meanOsl(alike)]))
  const oslOfAll = meanOsl(seen)
  return cell => {
    const unloadedTtftS = unloaded.get(cell.prefill.kind)
    const step = steps.get(cell.decode.kind)
    if (unloadedTtftS === undefined || step === undefined || cell.load === null) return null
    return balanced(cell, { unloadedTtftS, step, rates, osl: oslAt.get(cell.load) ?? oslOfAll })
  }
}

const meanOsl = (seen: readonly Observation[]) => seen.reduce((sum, o) => sum + o.osl, 0) / Math.max(1, seen.length)

/** An open loop's run, s, where the point doesn't say. */
const usualDurationS = 60

interface Parts {
  readonly unloadedTtftS: number
  readonly step: StepTime
  readonly rates: Rates
  readonly osl: number
}

function balanced(cell: Cell, parts: Parts): Trend {
  const { unloadedTtftS, step, rates, osl } = parts
  const load = cell.load ?? 0
  const workers = cell.decode.workers
  const freeRate = (itlS: number) => (cell.kind === 'rate' ? load : load / (unloadedTtftS + osl * itlS))
  const most = rates.most(cell)
  const rateAt = (itlS: number) => Math.min(most, freeRate(itlS))
  const sequences = fixedPoint(b => (rateAt(step(b)) * osl * step(b)) / workers)
  const itlS = step(sequences)
  const requestsPerS = rateAt(itlS)
  // What comes faster than it is served waits, half of the run's surplus on average.
  const surplus = Math.max(0, 1 - requestsPerS / load)
  const waitS =
    cell.kind === 'rate'
      ? unloadedTtftS + (surplus * (cell.repeats[0]?.load.durationS ?? usualDurationS)) / 2
      : load / requestsPerS - osl * itlS
  const ttftS = Math.max(unloadedTtftS, waitS)
  return {
    requestsPerS,
    itlS,
    ttftS,
    ttftP95S: Math.max(ttftS, unloadedTtftS + burstWaitS(cell, rates.prefillCan(cell.prefill))),
    osl,
    isBounded: freeRate(itlS) > most,
  }
}

/** What the 95th percentile of all requests waits in the burst with which a closed loop begins, s. */
function burstWaitS({ kind, load, repeats }: Cell, promptsPerS: number): number {
  if (kind !== 'concurrency' || load === null) return 0
  const requests = repeats[0]?.load.requests ?? load
  const before = Math.max(0, load - 0.05 * requests)
  return before / promptsPerS
}

/** Where a rising function that grows slower than its argument meets it; the largest bracket when it never does. */
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
