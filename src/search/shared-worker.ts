import type { Observation } from './observe.ts'
import { type Pace, paceOf } from './step-time.ts'

/** How a worker that both reads prompts and makes tokens does, by its requests in flight (or requests/s). */
export interface SharedWorker extends Pace {
  /** What is left of its requests/s by the time that prompts wait for one another and for tokens. */
  readonly rateShare: (load: number) => number
}

/**
 * Aggregated workers do alike at the same load each, however many there are: curves through what was measured of one
 * kind. A prompt holds up every sequence of its worker, so that ITL follows from the load and not from the sequences at
 * work.
 *
 * @param seen the observations of one kind of worker
 * @param unloadedTtftS the least TTFT seen
 */
export function sharedWorker(seen: readonly Observation[], unloadedTtftS: number): SharedWorker {
  const loadOf = ({ cell }: Observation) => (cell.load ?? 1) / cell.decode.workers
  const knots = [...Map.groupBy(seen, loadOf)]
    .map(([load, alike]) => {
      const shares = alike.map(o => (o.requestsPerS / (o.cell.load ?? 1)) * (unloadedTtftS + o.osl * o.itlS))
      return { log: Math.log(load), share: shares.reduce((sum, share) => sum + Math.log(share), 0) / shares.length }
    })
    .toSorted((a, b) => a.log - b.log)
  return {
    ...paceOf(seen, loadOf),
    rateShare: load => Math.exp(between(knots, Math.log(load))),
  }
}

interface Knot {
  readonly log: number
  readonly share: number
}

/** A straight line between the knots, level beyond both ends. */
function between(knots: readonly Knot[], log: number): number {
  const above = knots.find(knot => knot.log >= log)
  const below = knots.findLast(knot => knot.log < log)
  if (above === undefined || below === undefined) return (above ?? below)?.share ?? 0
  return below.share + ((log - below.log) / (above.log - below.log)) * (above.share - below.share)
}
