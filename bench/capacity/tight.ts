/**
 * How far the capacity that `fulcrum capacity` tells is from the truth where a TTFT limit is near what a request alone
 * shows, for mixed lengths, and how often the truth is within the range that the plan gives. Prints the table of
 * docs/bench/capacity.md.
 *
 *   node bench/capacity/tight.ts [requests]    (200 requests a load; about three minutes of one core)
 */
import type { Topology } from '../../src/model/index.ts'
import { topologyLabel } from '../../src/model/index.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { concurrencies, pointsOf, rangeBy, toldBy, topologies } from './told.ts'
import { profile } from './truth.ts'

const fewest = Number(process.argv[2] ?? 200)
const shares = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.36, 0.43, 0.5, 0.57, 0.64, 0.7, 0.76, 0.82, 0.88, 0.94]
const cases = [
  { isl: 8000, osl: 256, limits: [500, 600, 700], counted: 12_000 },
  { isl: 4000, osl: 100, limits: [300], counted: 5000 },
]

function lengths(isl: number, osl: number) {
  const mixed = (mean: number) => ({ kind: 'lognormal' as const, mean, stddev: 0.6 * mean })
  return { name: `${isl}/${osl}`, isl: mixed(isl), osl: mixed(osl) }
}

function measured(topology: Topology, workload: ReturnType<typeof lengths>, series: number) {
  const loads = concurrencies.map(concurrency => {
    const [requests, warmup] = [Math.max(fewest, 10 * concurrency), 2 * concurrency]
    const level = { kind: 'concurrency' as const, concurrency }
    return { level, requests, warmup, seed: 1000 * series + concurrency, dataset: requests + warmup }
  })
  return pointsOf(topology, workload, loads, { ttftP95Ms: 1000 })
}

/** The rate at which TTFT p95 reaches a limit under random arrivals, on straight lines between rates. */
function truthOf(topology: Topology, workload: ReturnType<typeof lengths>, most: number, counted: number) {
  const seen = shares.map(share => {
    const requestsPerS = share * most
    const level = { kind: 'rate' as const, requestsPerS, arrivals: { kind: 'poisson' as const } }
    const load = { level, requests: counted, warmup: 1000, seed: 11 }
    const { ttftMs } = simulate({ deployment: { topology, engine: {} }, workload, ...load }, profile)
    return { requestsPerS, p95: ttftMs?.p95 ?? Number.NaN }
  })
  return (limitMs: number) => {
    const over = seen.findIndex(({ p95 }) => p95 > limitMs)
    const [low, high] = [seen[over - 1], seen[over]]
    if (low === undefined || high === undefined) return Number.NaN
    return low.requestsPerS + ((high.requestsPerS - low.requestsPerS) * (limitMs - low.p95)) / (high.p95 - low.p95)
  }
}

console.log(
  '| workload | deployment | TTFT p95 limit | / alone | truth, requests/s | told / truth, four runs | range / truth |',
)
console.log('|---|---|---:|---:|---:|---:|---:|')
let [all, within, inRange] = [0, 0, 0]
for (const { isl, osl, limits, counted } of cases)
  for (const topology of topologies) {
    const workload = lengths(isl, osl)
    const runs = [0, 1, 2, 3].map(series => measured(topology, workload, series))
    const [first = []] = runs
    const most = first.reduce((top, { figures }) => Math.max(top, figures.request_throughput?.mean ?? 0), 0)
    const truth = truthOf(topology, workload, most, counted)
    for (const limitMs of limits) {
      const slo = { ttftP95Ms: limitMs }
      const real = truth(limitMs)
      const ratios = runs.map(points => (toldBy(points, slo)?.requestsPerS ?? 0) / real)
      const ranges = runs.map(points => (rangeBy(points, slo) ?? [0, 0]).map(bound => bound / real))
      all += ratios.length
      within += ratios.filter(ratio => Math.abs(ratio - 1) <= 0.1).length
      inRange += ranges.filter(([low = 0, high = 0]) => low <= 1 && 1 <= high).length
      const alone = limitMs / (first[0]?.figures.ttft_p95_ms?.mean ?? Number.NaN)
      const [low = 0, high = 0] = ranges[0] ?? []
      console.log(
        `| ${workload.name} | ${topologyLabel(topology)} | ${limitMs} ms | ${alone.toFixed(2)} | ${real.toFixed(2)} | ${ratios.map(ratio => ratio.toFixed(2)).join(', ')} | ${low.toFixed(2)}–${high.toFixed(2)} |`,
      )
    }
  }
const share = (count: number) => `${((100 * count) / all).toFixed(0)}%`
console.log(`\nOf ${all}, ${share(within)} are within 10%. The truth is within the range in ${share(inRange)}.`)
