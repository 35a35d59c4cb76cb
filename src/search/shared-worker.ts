import { loadPerWorker } from './cells.ts'
import type { Observation } from './observe.ts'
import { type Pace, paceOf } from './step-time.ts'

/** Performance of a worker that both reads prompts and generates tokens, by its requests in flight (or requests/s). */
export interface SharedWorker extends Pace {
  /** Share of its requests/s that remains when prompts wait for each other and for tokens. */
  readonly rateShare: (load: number) => number
}

/**
 * Aggregated workers perform alike at equal load per worker, whatever their number, so this draws curves through the
 * measurements of one kind. A prompt delays all sequences of its worker, so ITL depends on the load rather than on the
 * number of sequences.
 *
 * @param seen observations of one kind of worker
 * @param unloadedTtftS lowest observed TTFT in s
 */
export function sharedWorker(seen: readonly Observation[], unloadedTtftS: number): SharedWorker {
  const loadOf = ({ cell }: Observation) => loadPerWorker(cell)
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

/** Linear between the knots, constant beyond the ends. */
function between(knots: readonly Knot[], log: number): number {
  const above = knots.find(knot => knot.log >= log)
  const below = knots.findLast(knot => knot.log < log)
  if (above === undefined || below === undefined) return (above ?? below)?.share ?? 0
  return below.share + ((log - below.log) / (above.log - below.log)) * (above.share - below.share)
}
