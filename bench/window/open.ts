import type { Topology } from '../../src/model/index.ts'
import type { Profile } from '../../src/simulator/profile.ts'
import type { SimulatedWorkload } from '../../src/simulator/request-source.ts'
import type { SimulatedPoint } from '../../src/simulator/simulate.ts'
import { simulate } from '../../src/simulator/simulate.ts'

const fixed = (tokens: number) => ({ kind: 'fixed', tokens }) as const
const mixed = (mean: number) => ({ kind: 'lognormal', mean, stddev: 0.6 * mean }) as const

const topologies: readonly Topology[] = [
  { kind: 'aggregated', workers: 2 },
  { kind: 'disaggregated', prefill: 1, decode: 1 },
  { kind: 'disaggregated', prefill: 1, decode: 2 },
]
const traffic: readonly { readonly workload: SimulatedWorkload; readonly ratesPerS: readonly number[] }[] = [
  { workload: { isl: mixed(2000), osl: mixed(400) }, ratesPerS: [4, 6, 8, 9, 10, 11, 12, 14, 15, 16, 18] },
  { workload: { isl: fixed(1000), osl: fixed(1000) }, ratesPerS: [2, 4, 6, 7, 8, 9, 10, 11, 12, 14] },
  { workload: { isl: mixed(1000), osl: mixed(1000) }, ratesPerS: [2, 4, 6, 7, 8, 9, 10, 11, 12, 14] },
  { workload: { isl: mixed(500), osl: mixed(2000) }, ratesPerS: [1, 2, 3, 4, 5, 6, 7, 8] },
]
const ttftP95Ms = 1000
const itlP95Ms = 25
const windowS = 60
/** A long window, after a long warm-up: what the system does. */
const truth = { windowS: 700, warmupS: 200 }

/**
 * How many verdicts of open loops of a minute are others than in steady state, of how many; and how many of those are
 * optimistic.
 */
export function openLoopFlips(profile: Profile, window: 'steady' | 'whole') {
  let cells = 0
  let flips = 0
  let optimistic = 0
  for (const topology of topologies)
    for (const { workload, ratesPerS } of traffic)
      for (const requestsPerS of ratesPerS) {
        const point = (durationS: number, warmupS: number, seed: number): SimulatedPoint => ({
          deployment: { topology, engine: {} },
          workload,
          level: { kind: 'rate', requestsPerS, arrivals: { kind: 'poisson' } },
          durationS,
          warmup: Math.ceil(warmupS * requestsPerS),
          seed,
        })
        const meets = (simulated: SimulatedPoint) => {
          const { ttftMs, itlMs } = simulate(simulated, profile)
          return (ttftMs?.p95 ?? Number.NaN) <= ttftP95Ms && (itlMs?.p95 ?? Number.NaN) <= itlP95Ms
        }
        const seen = meets({ ...point(windowS, 5, 100), ...(window === 'whole' ? { window, warmup: 0 } : {}) })
        const right = meets(point(truth.windowS, truth.warmupS, 1))
        cells += 1
        if (seen !== right) flips += 1
        if (seen && !right) optimistic += 1
      }
  return { cells, flips, optimistic }
}
