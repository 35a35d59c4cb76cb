/**
 * How far the capacity that `fulcrum capacity` reads from a closed loop is from the truth: a deployment of the simulated engine is measured
 * at a few concurrencies in virtual time, its most requests/s within the SLO are told from those, and random traffic at rising rates shows
 * what it really serves. Prints the table of docs/bench/capacity.md.
 *
 *   node bench/capacity.ts
 */
import { analyse } from '../src/analysis/analyse.ts'
import { responseCurve } from '../src/analysis/capacity/response.ts'
import { servable } from '../src/analysis/capacity/servable.ts'
import { meetsSlo } from '../src/analysis/slo.ts'
import { loadProfile } from '../src/engine/profile.ts'
import { simulate } from '../src/engine/simulate.ts'
import { contentId, type Length, type Topology, topologyLabel, type Workload } from '../src/point/index.ts'
import { aggregated, disaggregated, runOf, syntheticRun } from '../test/report/synthetic-run.ts'

const profile = await loadProfile('deepseek-r1-fp4-gb200')
const slo = { ttftP95Ms: 1000, itlP95Ms: 25 }
const concurrencies = [1, 2, 4, 8, 16, 32, 64, 128, 256]

/** The points of one deployment and workload, each a shape of {@link syntheticRun} with what the simulation says in it. */
function measured(topology: Topology, workload: Workload) {
  const shape = syntheticRun({ topologies: [topology], workloads: [[1, 1]], concurrencies, slo })
  const results = shape.results.map(result => {
    const point = { ...result.point, workload, id: contentId({ id: result.point.id, workload }) }
    const { level, requests = 0, warmup, seed } = point.load
    const measurement = simulate(
      {
        deployment: { topology, engine: {} },
        workload,
        level,
        requests: Math.max(200, requests),
        warmup,
        seed,
      },
      profile,
    )
    return { ...result, point, measurement }
  })
  return analyse(runOf(results)).points
}

/** The most random traffic within the SLO, by bisection over simulated rates. */
function truth(topology: Topology, workload: Workload, most: number): number {
  let [low, high] = [0, most]
  for (let i = 0; i < 9; i++) {
    const requestsPerS = (low + high) / 2
    const { ttftMs, itlMs } = simulate(
      {
        deployment: { topology, engine: {} },
        workload,
        level: { kind: 'rate', requestsPerS, arrivals: { kind: 'poisson' } },
        requests: 6000,
        warmup: 50,
        seed: 1,
      },
      profile,
    )
    if ((ttftMs?.p95 ?? 0) <= slo.ttftP95Ms && (itlMs?.p95 ?? 0) <= slo.itlP95Ms) low = requestsPerS
    else high = requestsPerS
  }
  return low
}

const lengths = { fixed: 0, mixed: 0.6 }
const rows: string[] = []
const ratios: { readonly kind: string; readonly told: number; readonly naive: number }[] = []
for (const [isl, osl] of [
  [8000, 256],
  [2000, 400],
  [1000, 1000],
] as const)
  for (const topology of [disaggregated(1, 1), disaggregated(2, 1), aggregated(2)])
    for (const [kind, spread] of Object.entries(lengths)) {
      const length = (tokens: number): Length =>
        spread === 0 ? { kind: 'fixed', tokens } : { kind: 'lognormal', mean: tokens, stddev: spread * tokens }
      const workload = { name: `${isl}/${osl}`, isl: length(isl), osl: length(osl) }
      const points = measured(topology, workload)
      const curve = responseCurve(points)
      const told = curve === null ? null : servable(curve, slo)
      const rate = (point: (typeof points)[number]) => point.figures.request_throughput?.mean ?? 0
      const naive = Math.max(0, ...points.filter(meetsSlo).map(rate))
      const real = truth(topology, workload, 1.2 * Math.max(...points.map(rate)))
      const share = (told?.requestsPerS ?? 0) / real
      ratios.push({ kind, told: share, naive: naive / real })
      rows.push(
        `| ${workload.name} ${kind} | ${topologyLabel(topology)} | ${real.toFixed(2)} | ${(told?.requestsPerS ?? 0).toFixed(2)} | ${share.toFixed(2)} | ${(naive / real).toFixed(2)} | ${told?.limit ?? 'none'} |`,
      )
    }
console.log('| workload | deployment | truth, requests/s | told | told / truth | heaviest point / truth | limit |')
console.log('|---|---|---:|---:|---:|---:|---|')
console.log(rows.join('\n'))
for (const kind of Object.keys(lengths)) {
  const of = (pick: (ratio: (typeof ratios)[number]) => number) => {
    const sorted = ratios
      .filter(ratio => ratio.kind === kind)
      .map(pick)
      .sort((a, b) => a - b)
    return `${sorted[0]?.toFixed(2)} to ${sorted.at(-1)?.toFixed(2)}, median ${sorted[Math.floor(sorted.length / 2)]?.toFixed(2)}`
  }
  console.log(
    `\n${kind} lengths: told / truth ${of(r => r.told)}; heaviest point within the SLO / truth ${of(r => r.naive)}.`,
  )
}
