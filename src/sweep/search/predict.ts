import type { Cell } from './cells.ts'
import type { Observation } from './observe.ts'
import { elasticity, type RateBound, rateBound } from './rates.ts'
import { type StepTime, stepTime } from './step-time.ts'

/** What a cell that was not measured would show; rather too good than too bad. */
export interface Predicted {
  /** Output tokens/s per user. */
  readonly x: number
  /** Output tokens/s per GPU. */
  readonly y: number
  readonly ttftS: number
  readonly itlS: number
  /** Whether the bound on throughput, not the load, decides it. */
  readonly isBounded: boolean
}

interface Rate {
  readonly requestsPerS: number
  readonly itlS: number
  readonly ttftS: number
  readonly isBounded: boolean
}

/** Predicts the cells of one workload; null where nothing is known of one of its pools. */
export type Predictor = (cell: Cell) => Predicted | null

/** @param seen the observations of one workload */
export function predictor(seen: readonly Observation[]): Predictor {
  const unloaded = new Map(
    [...Map.groupBy(seen, o => o.cell.prefill.kind)].map(([kind, alike]) => [
      kind,
      Math.min(...alike.map(o => o.ttftS)),
    ]),
  )
  const steps = new Map([...Map.groupBy(seen, o => o.cell.decode.kind)].map(([kind, alike]) => [kind, stepTime(alike)]))
  const bound = rateBound(seen, unloaded)
  const ownOf = Map.groupBy(seen, o => o.cell.planned.deployment.id)
  // Few requests at a light load have a mean length of their own, the same for every deployment.
  const oslAt = new Map([...Map.groupBy(seen, o => o.cell.load)].map(([load, alike]) => [load, meanOsl(alike)]))
  const oslOfAll = meanOsl(seen)
  return cell => {
    const unloadedTtftS = unloaded.get(cell.prefill.kind)
    const step = steps.get(cell.decode.kind)
    if (unloadedTtftS === undefined || step === undefined || cell.load === null) return null
    const osl = oslAt.get(cell.load) ?? oslOfAll
    const model = (other: Cell) => modelled(other, { unloadedTtftS, step, bound, osl })
    const rate = fromOwn(cell, ownOf.get(cell.planned.deployment.id) ?? [], model) ?? model(cell)
    const y = (rate.requestsPerS * osl) / cell.gpus
    return { x: 1 / rate.itlS, y, ttftS: rate.ttftS, itlS: rate.itlS, isBounded: rate.isBounded }
  }
}

const meanOsl = (seen: readonly Observation[]) => seen.reduce((sum, o) => sum + o.osl, 0) / Math.max(1, seen.length)

/**
 * How much better than straight lines on logarithms a point between two others may be, when their loads are eight times apart:
 * throughput and latency bend between loads.
 */
const bend = 0.06

/** From the loads of the same deployment that were measured; null when none was. */
function fromOwn(cell: Cell, own: readonly Observation[], model: (cell: Cell) => Rate): Rate | null {
  const load = cell.load ?? 0
  const rising = own.filter(o => o.cell.kind === cell.kind).toSorted((a, b) => (a.cell.load ?? 0) - (b.cell.load ?? 0))
  const below = rising.findLast(o => (o.cell.load ?? 0) <= load)
  const above = rising.find(o => (o.cell.load ?? 0) > load)
  if (below !== undefined && above !== undefined) return between(load, below, above)
  if (below !== undefined) return beyond(below, model(below.cell), model(cell), load, elasticity(rising))
  if (above === undefined) return null
  const [there, here] = [model(above.cell), model(cell)]
  return { ...here, itlS: here.itlS * Math.min(1, above.itlS / there.itlS) }
}

function between(load: number, below: Observation, above: Observation): Rate {
  const [from, to] = [Math.log(below.cell.load ?? 1), Math.log(above.cell.load ?? 1)]
  const share = (Math.log(load) - from) / (to - from)
  const better = 1 + bend * 4 * share * (1 - share) * Math.min(1, (to - from) / Math.log(8))
  const line = (a: number, b: number) => Math.exp(Math.log(a) + share * (Math.log(b) - Math.log(a)))
  return {
    requestsPerS: line(below.requestsPerS, above.requestsPerS) * better,
    itlS: line(below.itlS, above.itlS) / better,
    // TTFT stays until the queue begins, wherever between the two that is.
    ttftS: below.ttftS,
    isBounded: false,
  }
}

/** Past the heaviest load: the model, put right by that load, and never rising faster than throughput last did. */
function beyond(near: Observation, there: Rate, here: Rate, load: number, rise: number): Rate {
  const grown = near.requestsPerS * (load / (near.cell.load ?? 1)) ** rise
  const wanted = here.isBounded ? here.requestsPerS : here.requestsPerS * (near.requestsPerS / there.requestsPerS)
  return {
    requestsPerS: Math.max(near.requestsPerS, Math.min(grown, wanted)),
    itlS: here.itlS * (near.itlS / there.itlS),
    ttftS: near.ttftS,
    isBounded: here.isBounded || grown < wanted,
  }
}

/**
 * Little's law on the whole deployment (closed loop: concurrency = rate × latency) and on its decode workers, with the ITL that
 * follows from their sequences, cut off at the bound on throughput.
 */
function modelled(cell: Cell, parts: { unloadedTtftS: number; step: StepTime; bound: RateBound; osl: number }): Rate {
  const { unloadedTtftS, step, bound, osl } = parts
  const load = cell.load ?? 0
  const workers = cell.decode.workers
  const freeRate = (itlS: number) => (cell.kind === 'rate' ? load : load / (unloadedTtftS + osl * itlS))
  const most = bound(cell)
  const rateAt = (itlS: number) => Math.min(most, freeRate(itlS))
  const sequences = fixedPoint(b => (rateAt(step(b)) * osl * step(b)) / workers)
  const itlS = step(sequences)
  const requestsPerS = rateAt(itlS)
  const isBounded = freeRate(itlS) > most
  const waitS =
    cell.kind === 'rate' ? (isBounded ? Number.POSITIVE_INFINITY : unloadedTtftS) : load / requestsPerS - osl * itlS
  return { requestsPerS, itlS, ttftS: Math.max(unloadedTtftS, waitS), isBounded }
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
