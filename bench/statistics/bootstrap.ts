import { percentileOfSorted } from '../../src/metrics/percentiles/index.ts'
import { normalProbability, normalQuantile } from '../../src/metrics/statistics/normal.ts'
import type { Random } from '../../src/model/index.ts'

/** What a sample is summed up by. */
export type Statistic = (values: Float64Array) => number

/** A statistic with a confidence interval. */
export interface Interval {
  readonly estimate: number
  readonly low: number
  readonly high: number
}

/** How to resample. */
export interface BootstrapOptions {
  readonly random: Random
  /** 0–1; 0.95 unless said. */
  readonly confidence?: number
  /** 2,000 unless said; Efron and Tibshirani advise 1,000 or more for intervals. */
  readonly resamples?: number
  /** Neighbours drawn together; 1 unless said. See {@link blockLengthFor}. */
  readonly blockLength?: number
}

/**
 * Percentile bootstrap (Efron 1979): the middle of the statistic's distribution over resamples. With a block length,
 * the circular block bootstrap (Politis and Romano 1992), for values in time order that depend on their neighbours,
 * such as the latencies of requests that shared a batch. Blocks are few and vary too little: of strongly dependent
 * values these intervals hold the truth in 88 to 92% of runs instead of 95 (docs/bench/statistics.md); for means and
 * percentiles of series, `seriesMeanInterval` and `percentileIntervalOfSeries` hold what they say.
 */
export function bootstrapInterval(values: Float64Array, statistic: Statistic, options: BootstrapOptions): Interval {
  const { confidence = 0.95 } = options
  const replicates = resample(values, statistic, options)
  return {
    estimate: statistic(values),
    low: percentileOfSorted(replicates, 50 * (1 - confidence)),
    high: percentileOfSorted(replicates, 50 * (1 + confidence)),
  }
}

/**
 * Bias-corrected and accelerated bootstrap (Efron 1987): moves the percentiles for the statistic's bias and skew, which
 * matters for skewed latencies; the acceleration comes from the jackknife. For independent values.
 */
export function bcaInterval(
  values: Float64Array,
  statistic: Statistic,
  options: Omit<BootstrapOptions, 'blockLength'>,
): Interval {
  const { confidence = 0.95 } = options
  const estimate = statistic(values)
  const replicates = resample(values, statistic, options)
  const below = replicates.reduce((sum, value) => sum + (value < estimate ? 1 : value === estimate ? 0.5 : 0), 0)
  // Half a replicate from both ends keeps the correction finite.
  const bias = normalQuantile(Math.min(Math.max(below, 0.5), replicates.length - 0.5) / replicates.length)
  const acceleration = accelerationOf(values, statistic)
  const bound = (share: number) => {
    const z = bias + normalQuantile(share)
    return percentileOfSorted(replicates, 100 * normalProbability(bias + z / (1 - acceleration * z)))
  }
  return { estimate, low: bound((1 - confidence) / 2), high: bound((1 + confidence) / 2) }
}

/**
 * Block length for the mean of a series: n^(1/3) times a factor that grows with the correlation of neighbours, as if
 * the series were autoregressive of first order (Andrews 1991; Politis and White 2004 give the circular bootstrap's
 * factor). 1 for independent values.
 */
export function blockLengthFor(series: Float64Array): number {
  const n = series.length
  const mean = series.reduce((sum, value) => sum + value, 0) / Math.max(1, n)
  let [together, alone] = [0, 0]
  for (let i = 0; i < n; i++) {
    const away = (series[i] ?? mean) - mean
    alone += away * away
    if (i > 0) together += away * ((series[i - 1] ?? mean) - mean)
  }
  if (alone === 0) return 1
  // Estimated around its own mean, the correlation falls short by about (1 + 3ρ) / n.
  const raw = together / alone
  const rho = Math.min(0.97, Math.max(0, raw + (1 + 3 * raw) / n))
  const length = ((6 * rho ** 2) / (1 - rho ** 2) ** 2) ** (1 / 3) * Math.cbrt(n)
  return Math.max(1, Math.min(Math.floor(n / 4), Math.round(length)))
}

/** The statistic of each resample, ascending. */
function resample(values: Float64Array, statistic: Statistic, options: BootstrapOptions): Float64Array {
  const { random, resamples = 2000, blockLength = 1 } = options
  const count = values.length
  const drawn = new Float64Array(count)
  const replicates = new Float64Array(resamples)
  for (let at = 0; at < resamples; at++) {
    for (let to = 0; to < count; ) {
      const from = random.integer(count)
      for (let i = 0; i < blockLength && to < count; i++) drawn[to++] = values[(from + i) % count] ?? Number.NaN
    }
    replicates[at] = statistic(drawn)
  }
  return replicates.sort()
}

/** A sixth of the skewness of the jackknife's values. */
function accelerationOf(values: Float64Array, statistic: Statistic): number {
  const left = Float64Array.from(values, (_, out) => statistic(values.filter((_, at) => at !== out)))
  const mean = left.reduce((sum, value) => sum + value, 0) / left.length
  let squares = 0
  let cubes = 0
  for (const value of left) {
    squares += (mean - value) ** 2
    cubes += (mean - value) ** 3
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5)
}
