/**
 * How often 95 % intervals hold the truth, on simulated samples whose truth is known.
 *
 *   node bench/statistics.ts [samples]     prints the tables of docs/bench/statistics.md (default 1000 samples a cell)
 */

import { percentileOfSorted } from '../src/metrics/percentiles/index.ts'
import { normalQuantile } from '../src/metrics/statistics/normal.ts'
import { percentileInterval, percentileIntervalOfSeries } from '../src/metrics/statistics/percentile-interval.ts'
import { createRandom, type Random } from '../src/model/index.ts'
import { blockLengthFor, bootstrapInterval } from './statistics/bootstrap.ts'
import { repeatsInterval } from './statistics/repeats.ts'
import { seriesMeanInterval } from './statistics/series-mean.ts'

const samples = Number(process.argv[2] ?? 1000)
const counts = [50, 200, 1000]

/** A side that is not bounded holds everything; the share of such intervals is told beside the coverage. */
interface Bounds {
  readonly low: number | null
  readonly high: number | null
}

interface Held {
  readonly held: number
  /** Of the intervals given, those without a bound on one side. */
  readonly open: number
  /** Samples that no interval was given for. */
  readonly withheld: number
}

function coverage(truth: number, seed: string, intervalOf: (random: Random) => Bounds | null): Held {
  let [held, open, withheld] = [0, 0, 0]
  for (let sample = 0; sample < samples; sample++) {
    const found = intervalOf(createRandom(`${seed}/${sample}`))
    if (found === null) {
      withheld++
      continue
    }
    if (found.low === null || found.high === null) open++
    const [low, high] = [found.low ?? Number.NEGATIVE_INFINITY, found.high ?? Number.POSITIVE_INFINITY]
    if (low <= truth && truth <= high) held++
  }
  const given = Math.max(1, samples - withheld)
  return { held: held / given, open: open / given, withheld: withheld / samples }
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
function shown({ held, open, withheld }: Held): string {
  if (withheld > 0.5) return `withheld (${(100 * withheld).toFixed(0)} %)`
  const percent = `${(100 * held).toFixed(1)} %`
  if (open > 0.5) return `${percent}, open-ended`
  return held < 0.93 || held > 0.97 ? `**${percent}**` : percent
}

const drawn = (count: number, draw: () => number) => Float64Array.from({ length: count }, draw)
const sortedOf = (values: Float64Array) => values.slice().sort()
const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
const percentileOf = (percentile: number) => (values: Float64Array) => percentileOfSorted(sortedOf(values), percentile)

/** Latencies are skewed: a lognormal with the spread of a TTFT under load. */
const spread = 0.6
const latency = (random: Random) => Math.exp(spread * random.normal())
const latencyAt = (percentile: number) => Math.exp(spread * normalQuantile(percentile / 100))

/** A stationary first-order series of standard normals. */
function series(count: number, dependence: number, random: Random): Float64Array {
  let state = random.normal()
  return drawn(count, () => {
    const now = state
    state = dependence * state + Math.sqrt(1 - dependence ** 2) * random.normal()
    return now
  })
}

function percentiles(): string {
  const rows = [50, 95, 99].flatMap(percentile =>
    (
      [
        ['order statistics', (values: Float64Array) => percentileInterval(sortedOf(values), percentile)],
        [
          'percentile bootstrap',
          (values: Float64Array, random: Random) =>
            bootstrapInterval(values, percentileOf(percentile), { random, resamples: 400 }),
        ],
      ] as const
    ).map(([method, of]) => [
      `p${percentile}`,
      method,
      ...counts.map(count =>
        // Resampling a thousand values four hundred times over is slow, and told by the smaller samples.
        method === 'percentile bootstrap' && count > 200
          ? '–'
          : shown(
              coverage(latencyAt(percentile), `p${percentile}/${count}`, random =>
                of(
                  drawn(count, () => latency(random)),
                  random,
                ),
              ),
            ),
      ),
    ]),
  )
  return table(['of independent values', 'by', ...counts.map(count => `${count} values`)], rows)
}

function meansOfSeries(): string {
  const rows = [0, 0.5, 0.8].flatMap(dependence =>
    (
      [
        ["Student's t on the effective count", (values: Float64Array) => seriesMeanInterval(values)],
        [
          'circular block bootstrap',
          (values: Float64Array, random: Random) =>
            bootstrapInterval(values, meanOf, { random, resamples: 400, blockLength: blockLengthFor(values) }),
        ],
        [
          'bootstrap as if independent',
          (values: Float64Array, random: Random) => bootstrapInterval(values, meanOf, { random, resamples: 400 }),
        ],
      ] as const
    ).map(([method, of]) => [
      String(dependence),
      method,
      ...counts.map(count =>
        shown(coverage(0, `mean/${dependence}/${count}`, random => of(series(count, dependence, random), random))),
      ),
    ]),
  )
  return table(['autocorrelation of neighbors', 'mean by', ...counts.map(count => `${count} values`)], rows)
}

function percentilesOfSeries(): string {
  const rows = [0, 0.5, 0.8].flatMap(dependence =>
    [50, 95].map(percentile => [
      String(dependence),
      `p${percentile}`,
      ...counts.map(count =>
        shown(
          coverage(normalQuantile(percentile / 100), `series/${percentile}/${dependence}/${count}`, random =>
            percentileIntervalOfSeries(series(count, dependence, random), percentile),
          ),
        ),
      ),
    ]),
  )
  return table(
    [
      'autocorrelation of neighbors',
      'order statistics on the effective count',
      ...counts.map(count => `${count} values`),
    ],
    rows,
  )
}

/** Runs differ by more than their requests do: each has a level of its own. */
function clusters(): string {
  const [between, truth] = [0.05, Math.exp(spread * normalQuantile(0.95))]
  const perRun = 200
  const runs = (count: number, random: Random) =>
    Array.from({ length: count }, () => {
      const level = Math.exp(between * random.normal())
      return drawn(perRun, () => level * latency(random))
    })
  const p95 = percentileOf(95)
  const expected = expectedRunP95(perRun, between)
  const rows = [3, 5, 10].map(count => [
    String(count),
    shown(coverage(expected, `runs/${count}`, random => repeatsInterval(runs(count, random).map(p95)))),
    shown(
      coverage(truth, `runs/${count}`, random =>
        percentileInterval(sortedOf(Float64Array.from(runs(count, random).flatMap(run => [...run]))), 95),
      ),
    ),
  ])
  return table(['runs of 200 requests', "p95: Student's t over runs", 'p95: all requests as if of one run'], rows)
}

/** What the p95 of a run of so many requests is on average: its estimator is biased, its interval is of this. */
function expectedRunP95(perRun: number, between: number): number {
  const random = createRandom('expected')
  const p95 = percentileOf(95)
  const many = 20_000
  let sum = 0
  for (let i = 0; i < many; i++) sum += Math.exp(between * random.normal()) * p95(drawn(perRun, () => latency(random)))
  return sum / many
}

console.log(
  [
    '## Percentiles',
    percentiles(),
    '## Means of series',
    meansOfSeries(),
    '## Percentiles of series',
    percentilesOfSeries(),
    '## Repeats as clusters',
    clusters(),
  ].join('\n\n'),
)
