/**
 * How far the capacity that `fulcrum capacity` tells is from the truth: deployments of the simulated engine are
 * measured in virtual time, in closed loops at a few concurrencies and in open loops of a minute, the most requests/s
 * within the SLO are told from those, and long runs of random traffic show what they really serve. Prints the tables of
 * docs/bench/capacity.md.
 *
 *   npm run bench -- capacity        (about five minutes of one core)
 */
import { leastRoom } from '../src/analysis/capacity/evidence.ts'
import { meetsSlo } from '../src/analysis/slo.ts'
import type { Length, Topology, Workload } from '../src/model/index.ts'
import { topologyLabel } from '../src/model/index.ts'
import { concurrencies, type Points, pointsOf, toldBy, topologies } from './capacity/told.ts'
import { truthOf } from './capacity/truth.ts'

const base = { ttftP95Ms: 1000, itlP95Ms: 25 }
const slos = [600, 1000, 2000].flatMap(ttftP95Ms => [15, 25, 40].map(itlP95Ms => ({ ttftP95Ms, itlP95Ms })))
const lengths = [
  [8000, 256],
  [4000, 100],
  [2000, 400],
  [1000, 1000],
  [500, 100],
] as const
/** Of what a deployment answers at most: rates that someone sweeps who doesn't know it yet. */
const shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
const spreads = { mixed: 0.6, fixed: 0 }

/** A capacity that was told, over the truth. */
interface Told {
  readonly kind: string
  readonly limit: 'ttftMs' | 'itlMs'
  /** 1.1 is a tenth too much. */
  readonly ratio: number
  /** The limit is so near to what a request alone shows that the plan says so. */
  readonly littleRoom: boolean
  /** ± that an open loop says of itself. */
  readonly said: number
}

const closed: Told[] = []
const open: Told[] = []
const rows: string[] = []

function closedPoints(topology: Topology, workload: Workload): Points {
  const loads = concurrencies.map(concurrency => ({
    level: { kind: 'concurrency' as const, concurrency },
    requests: Math.max(200, 10 * concurrency),
    warmup: 2 * concurrency,
    seed: concurrency,
  }))
  return pointsOf(topology, workload, loads, base)
}

function openPoints(topology: Topology, workload: Workload, most: number, seed: number): Points {
  const loads = shares.map((share, i) => ({
    level: { kind: 'rate' as const, requestsPerS: share * most, arrivals: { kind: 'poisson' as const } },
    durationS: 60,
    warmup: Math.ceil(5 * share * most),
    seed: 100 * seed + i,
  }))
  return pointsOf(topology, workload, loads, base)
}

for (const [isl, osl] of lengths)
  for (const topology of topologies)
    for (const [kind, spread] of Object.entries(spreads)) {
      const length = (tokens: number): Length =>
        spread === 0 ? { kind: 'fixed', tokens } : { kind: 'lognormal', mean: tokens, stddev: spread * tokens }
      const workload = { name: `${isl}/${osl}`, isl: length(isl), osl: length(osl) }
      const points = closedPoints(topology, workload)
      const rate = (point: Points[number]) => point.figures.request_throughput?.mean ?? 0
      const most = points.reduce((top, point) => Math.max(top, rate(point)), 0)
      const truth = truthOf(topology, workload, most, points.at(-1)?.figures.request_latency_p50_ms?.mean ?? 20_000)
      const aloneMs = points[0]?.figures.ttft_p95_ms?.mean ?? 0
      for (const slo of slos) {
        const real = truth(slo)
        if (real === null) continue
        const common = { kind, limit: real.limit, littleRoom: slo.ttftP95Ms < leastRoom * aloneMs }
        const told = toldBy(points, slo)
        if (told !== null && told.limit !== 'heaviest load measured')
          closed.push({ ...common, ratio: told.requestsPerS / real.requestsPerS, said: 0 })
        if (slo.ttftP95Ms !== base.ttftP95Ms || slo.itlP95Ms !== base.itlP95Ms) continue
        const naive = points.filter(meetsSlo).reduce((top, point) => Math.max(top, rate(point)), 0)
        const over = (value: number) => (value / real.requestsPerS).toFixed(2)
        rows.push(
          `| ${workload.name} ${kind} | ${topologyLabel(topology)} | ${real.requestsPerS.toFixed(2)} | ${(told?.requestsPerS ?? 0).toFixed(2)} | ${over(told?.requestsPerS ?? 0)} | ${over(naive)} | ${told?.limit ?? 'none'} |`,
        )
      }
      if (kind !== 'mixed') continue
      for (const seed of [1, 2, 3]) {
        const own = openPoints(topology, workload, most, seed)
        for (const slo of slos) {
          const [real, told] = [truth(slo), toldBy(own, slo)]
          if (real === null || told === null || told.limit === 'heaviest load measured') continue
          open.push({
            kind,
            limit: real.limit,
            littleRoom: slo.ttftP95Ms < leastRoom * aloneMs,
            ratio: told.requestsPerS / real.requestsPerS,
            said: told.precision?.relative ?? 0,
          })
        }
      }
    }

const sorted = (told: readonly Told[]) => told.map(({ ratio }) => ratio).sort((a, b) => a - b)
const share = (told: readonly Told[], holds: (one: Told) => boolean) =>
  told.length === 0 ? '–' : `${((100 * told.filter(holds).length) / told.length).toFixed(0)}%`

function summary(what: string, told: readonly Told[], within: number): string {
  const ratios = sorted(told)
  const at = (rank: number) => ratios[Math.min(ratios.length - 1, Math.floor(rank * ratios.length))]?.toFixed(2) ?? '–'
  return `| ${what} | ${told.length} | ${at(0.5)} | ${at(0.05)} to ${at(0.95)} | ${at(0)} to ${at(1)} | ${share(told, one => Math.abs(one.ratio - 1) <= within)} |`
}

console.log('| workload | deployment | truth, requests/s | told | told / truth | heaviest point / truth | limit |')
console.log('|---|---|---:|---:|---:|---:|---|')
console.log(rows.join('\n'))
console.log('\n| closed loops, 9 SLOs | cells | told / truth: median | 5 to 95 of 100 | all | within 10% |')
console.log('|---|---:|---:|---:|---:|---:|')
for (const kind of ['mixed', 'fixed'])
  for (const limit of ['ttftMs', 'itlMs'] as const) {
    const own = closed.filter(one => one.kind === kind && one.limit === limit)
    const name = `${kind} lengths, limited by ${limit === 'ttftMs' ? 'TTFT' : 'ITL'}`
    console.log(summary(name, own, 0.1))
    if (limit !== 'ttftMs') continue
    console.log(
      summary(
        `${name}, at ${leastRoom} times what a request alone shows or more`,
        own.filter(one => !one.littleRoom),
        0.1,
      ),
    )
    console.log(
      summary(
        `${name}, less (the plan says so)`,
        own.filter(one => one.littleRoom),
        0.1,
      ),
    )
  }
console.log(
  '\n| open loops of 60 s, 9 SLOs, 3 seeds | cells | told / truth: median | 5 to 95 of 100 | all | within 5% |',
)
console.log('|---|---:|---:|---:|---:|---:|')
for (const limit of ['ttftMs', 'itlMs'] as const) {
  const own = open.filter(one => one.limit === limit)
  console.log(summary(`mixed lengths, limited by ${limit === 'ttftMs' ? 'TTFT' : 'ITL'}`, own, 0.05))
}
const near = (one: Told) => Math.abs(one.ratio - 1) <= 0.05
console.log(
  `\nOf the open loops, ${share(open, near)} are within 5%. ${share(open, one => near(one) || one.said > 0.05 || one.littleRoom)} are within 5% or report that they are too short (or that the limit leaves no room). The truth is within the reported range in ${share(open, one => Math.abs(one.ratio - 1) <= one.said)}.`,
)
