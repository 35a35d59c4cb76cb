/**
 * How true a point's figures and verdicts are to steady state, in virtual time: 9 topologies, 5 workloads, 9
 * concurrencies, 5 SLOs, lengths fixed and mixed, `10x` requests after a warm-up of `2x`, against a long run of another
 * seed; and open loops of a minute.
 *
 *   npm run bench -- window            (about five minutes of one core)
 *   node bench/window.ts fixed 20      one kind of lengths, another number of rounds
 *   node bench/window.ts fixed 10 auto the last argument chooses rows: whole, steady or auto (warmup: auto)
 */

import { judgeTtftTrend } from '../src/metrics/validity/window.ts'
import { topologyLabel, workersOf } from '../src/model/index.ts'
import { simulate } from '../src/simulator/simulate.ts'
import type { Cell, Spread } from './window/matrix.ts'
import { cellsOf, pointOf, profileWithJitter, seeds, slos, spreads, workloads } from './window/matrix.ts'
import { openLoopFlips } from './window/open.ts'
import type { Figures } from './window/truth.ts'
import { quantile, truthOf } from './window/truth.ts'

const profile = await profileWithJitter()
const warmupRounds = 2
const mostWarmupRounds = 30
const mostPrompts = 10_000

const [onlySpread, askedRounds, onlyRow] = process.argv.slice(2)
const measuredRounds = Number(askedRounds ?? 10)

/** `whole` and `steady` after a warm-up of `2x`, and `steady` after `warmup: auto`. */
const windows = ['whole', 'steady', 'auto'] as const
type Row = (typeof windows)[number]

/** Figures, rounds of the warm-up, and whether the point's findings say that TTFT was still on its way. */
interface Seen extends Figures {
  readonly warmupRounds: number
  readonly drifts: boolean
}

function measured(cell: Cell, window: Row, seed: number): Seen {
  const { concurrency } = cell
  const most = window === 'auto' ? mostWarmupRounds : warmupRounds
  const simulation = simulate(
    {
      ...pointOf(cell),
      requests: measuredRounds * concurrency,
      warmup: warmupRounds * concurrency,
      // One prompt for each request, as by default: lengths are spread over them.
      dataset: Math.min(mostPrompts, (most + measuredRounds) * concurrency),
      seed,
      ...(window === 'whole' ? { window } : {}),
      ...(window === 'auto' ? { autoWarmup: { max: mostWarmupRounds * concurrency } } : {}),
    },
    profile,
  )
  return {
    ttftP95Ms: simulation.ttftMs?.p95 ?? Number.NaN,
    itlP95Ms: simulation.itlMs?.p95 ?? Number.NaN,
    tokensPerS: simulation.outputTokensPerS,
    warmupRounds: (simulation.warmUp?.requests ?? warmupRounds * concurrency) / concurrency,
    drifts: judgeTtftTrend(simulation, { kind: 'concurrency', concurrency }).length > 0,
  }
}

const gpusOf = ({ topology }: Cell) =>
  4 *
  (topology.kind === 'aggregated'
    ? workersOf(topology, 'aggregated')
    : workersOf(topology, 'prefill') + workersOf(topology, 'decode'))
const meets = (figures: Figures, slo: (typeof slos)[number]) =>
  figures.ttftP95Ms <= slo.ttftP95Ms && figures.itlP95Ms <= slo.itlP95Ms

interface Compared {
  readonly cell: Cell
  readonly truth: Figures
  readonly seen: Seen
}

/**
 * Throughputs this near to each other are a tie of points measured once, which goes to fewer GPUs, as in a
 * recommendation.
 */
const tie = 0.01

/** The most tokens/s/GPU within the SLO. */
function best(
  rows: readonly Compared[],
  of: (row: Compared) => Figures,
  slo: (typeof slos)[number],
): Compared | undefined {
  const perGpu = (row: Compared) => of(row).tokensPerS / gpusOf(row.cell)
  const good = rows.filter(row => meets(of(row), slo)).toSorted((a, b) => perGpu(b) - perGpu(a))
  const most = good[0] === undefined ? 0 : perGpu(good[0])
  return good.filter(row => perGpu(row) >= most * (1 - tie)).toSorted((a, b) => gpusOf(a.cell) - gpusOf(b.cell))[0]
}

const isFar = ({ seen, truth }: Compared) => Math.abs(seen.ttftP95Ms / truth.ttftP95Ms - 1) > 0.1
/** How many of these points the finding `ttft-drifts` marks. */
const marked = (rows: readonly Compared[], which: (row: Compared) => boolean) => {
  const those = rows.filter(which)
  return `${those.filter(({ seen }) => seen.drifts).length} of ${those.length}`
}
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const percent = (share: number) => `${(100 * share).toFixed(1)}%`

function report(spread: Spread, window: Row, rows: readonly Compared[]): void {
  const enough = rows.filter(row => measuredRounds * row.cell.concurrency >= 100)
  const ttft = enough.map(row => row.seen.ttftP95Ms / row.truth.ttftP95Ms)
  const rate = rows.map(row => row.seen.tokensPerS / row.truth.tokensPerS)
  const warmups = rows.map(({ seen }) => seen.warmupRounds)
  let flips = 0
  let optimistic = 0
  for (const row of rows)
    for (const slo of slos) {
      const [seen, truth] = [meets(row.seen, slo), meets(row.truth, slo)]
      if (seen !== truth) flips += 1
      if (seen && !truth) optimistic += 1
    }
  const losses: number[] = []
  let decisions = 0
  let other = 0
  let beyondNoise = 0
  const differing: string[] = []
  for (const slo of slos)
    for (const workload of workloads)
      for (let seed = 0; seed < seeds.length; seed++) {
        const mine = rows.filter((row, index) => row.cell.workload === workload && index % seeds.length === seed)
        const right = best(mine, row => row.truth, slo)
        if (right === undefined) continue
        decisions += 1
        const chosen = best(mine, row => row.seen, slo)
        const perGpu = (row: Compared) => row.truth.tokensPerS / gpusOf(row.cell)
        const loss = chosen === undefined || !meets(chosen.truth, slo) ? Number.NaN : 1 - perGpu(chosen) / perGpu(right)
        if (chosen !== right) {
          other += 1
          if (!(loss < 0.01)) beyondNoise += 1
          const name = (row: Compared | undefined) =>
            row === undefined ? 'none' : `${topologyLabel(row.cell.topology)} c ${row.cell.concurrency}`
          differing.push(
            `${workload.join('/')} TTFT ${slo.ttftP95Ms} ITL ${slo.itlP95Ms}: ${name(chosen)} for ${name(right)} (${Number.isNaN(loss) ? 'misses' : percent(loss)})`,
          )
        }
        losses.push(Number.isNaN(loss) ? 1 : loss)
      }
  console.log(
    `| ${[
      spread,
      window,
      `${quantile(ttft, 0.05).toFixed(2)} / ${quantile(ttft, 0.5).toFixed(2)} / ${quantile(ttft, 0.95).toFixed(2)}`,
      percent(ttft.filter(ratio => Math.abs(ratio - 1) <= 0.1).length / ttft.length),
      percent(rate.reduce((sum, ratio) => sum + ratio, 0) / rate.length - 1),
      `${percent(flips / (rows.length * slos.length))} (${optimistic} of ${flips} optimistic)`,
      `${percent(other / decisions)} of ${decisions}`,
      percent(beyondNoise / decisions),
      percent(losses.reduce((sum, loss) => sum + loss, 0) / losses.length),
      marked(enough, row => isFar(row)),
      marked(enough, row => !isFar(row)),
      `${mean(warmups).toFixed(1)}x / ${quantile(warmups, 0.5)}x / ${quantile(warmups, 0.9)}x`,
    ].join(' | ')} |`,
  )
  for (const line of differing) console.error(`  ${spread} ${window}: ${line}`)
}

console.log(
  `Requests ${measuredRounds}x after ${warmupRounds}x, seeds ${seeds.join(' and ')}; truth of 100x, its first 20x dropped, seed 1.\n`,
)
console.log(
  '| lengths | window | TTFT p95 / steady: p5 / p50 / p95 | within 10% (100 requests or more) | throughput bias | SLO verdict flips | recommended point differs | by 1% or more | mean loss | TTFT p95 off by more than 10%: marked | within 10%: marked | warm-up: mean / p50 / p90 |',
)
console.log(`|${'---|'.repeat(12)}`)
for (const spread of Object.keys(spreads) as Spread[]) {
  if (onlySpread !== undefined && onlySpread !== spread) continue
  const truths = cellsOf(spread).map(cell => ({ cell, truth: truthOf(cell, profile, 1) }))
  for (const window of windows) {
    if (onlyRow !== undefined && onlyRow !== window) continue
    const rows = truths.flatMap(({ cell, truth }) =>
      seeds.map(seed => ({ cell, truth, seen: measured(cell, window, seed) })),
    )
    report(spread, window, rows)
  }
}

if (onlySpread === undefined) {
  console.log('\n| open loops of 60 s, window | SLO verdict flips | optimistic |\n|---|---|---|')
  for (const window of ['whole', 'steady'] as const) {
    const { cells, flips, optimistic } = openLoopFlips(profile, window)
    console.log(`| ${window} | ${flips} of ${cells} | ${optimistic} |`)
  }
}
