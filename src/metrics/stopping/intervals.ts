import { sortedNumbers } from '../distribution.ts'
import { percentileOfSorted } from '../percentiles/index.ts'
import { effectiveCount } from '../statistics/effective-count.ts'
import { normalQuantile } from '../statistics/normal.ts'
import { percentileInterval } from '../statistics/percentile-interval.ts'
import { studentCritical } from '../statistics/student.ts'
import { batchEdges, fewestBatches } from './batches.ts'

/** An estimate with its confidence interval; a side without a bound is infinite. */
export interface Bounds {
  readonly estimate: number
  readonly low: number
  readonly high: number
}

/** Conditions for an interval. */
export interface IntervalOptions {
  /**
   * Requests (conversations) after which a closed loop returns to the same slot: its concurrency. Slots that keep their
   * order repeat their pattern in every round. This repetition is not uncertainty. 1 without rounds.
   */
  readonly round: number
  /** Confidence of the interval, 0–1. */
  readonly confidence: number
  /** Relative difference that does not matter, 0–1. Dependence between values that differ by less has no effect. */
  readonly blur: number
  /**
   * Set for an open loop. Its requests can depend on each other over any distance: a long busy period of a queue spans
   * several sections, whose scatter is then too small.
   */
  readonly isOpen?: boolean
}

/**
 * Minimum number of independent values that a series must be worth for an interval. Reports require 30, but repeated
 * looks favor moments at which the dependence seems smaller than it is. With 30, intervals of a series with an
 * autocorrelation of 0.9 held in 88% of cases instead of 95%.
 */
const fewestEffective = 60

/**
 * Factor by which requests of an open loop count for less. Repeated looks stop when a queue happens to be quiet, and
 * requests depend on each other less at such times than overall. Without this factor, intervals held in 89% of cases at
 * a queue that is busy for 70% of the time.
 */
const openCaution = 3

/**
 * Interval of the mean of values in send order, which may depend on their neighbors. Its error is the larger of two
 * estimates: from the autocorrelations (Geyer 1992), and from the means of batches (Schmeiser 1982), which detect
 * slower waves. If the values are worth too few independent ones, values near the mean count as equal, and the interval
 * is wider by that margin. Null if that does not suffice, or if there are too few batches.
 */
export function meanBounds(series: Float64Array, asked: IntervalOptions): Bounds | null {
  if (series.length < fewestBatches) return null
  const estimate = meanOf(series)
  const sharp = halfWidth(series, asked)
  if (sharp !== null) return { estimate, low: estimate - sharp, high: estimate + sharp }
  const margin = asked.blur * Math.abs(estimate)
  const blurred = blur(series, estimate, margin)
  const half = blurred.every(value => value === estimate) ? 0 : halfWidth(blurred, asked)
  return half === null ? null : { estimate, low: estimate - half - margin, high: estimate + half + margin }
}

/**
 * Interval of a ratio of sums, such as tokens over time: {@link meanBounds} of each pair's contribution to its error
 * (the usual linear approximation).
 */
export function ratioBounds(above: Float64Array, below: Float64Array, asked: IntervalOptions): Bounds | null {
  const each = meanOf(below)
  if (above.length === 0 || !(each > 0)) return null
  const ratio = meanOf(above) / each
  return meanBounds(
    above.map((value, index) => ratio + (value - ratio * (below[index] ?? 0)) / each),
    asked,
  )
}

/** Interval of a rate from counts in batches of unequal length, by their sums and scatter. */
export function rateBounds(amounts: Float64Array, times: Float64Array, confidence: number): Bounds | null {
  const batches = amounts.length
  const time = meanOf(times) * batches
  if (batches < fewestBatches || !(time > 0)) return null
  const estimate = (meanOf(amounts) * batches) / time
  const squares = amounts.reduce((sum, amount, batch) => sum + (amount - estimate * (times[batch] ?? 0)) ** 2, 0)
  const half = (studentCritical(confidence, batches - 1) * Math.sqrt((squares * batches) / (batches - 1))) / time
  return { estimate, low: estimate - half, high: estimate + half }
}

/**
 * Interval of a percentile of values in send order, from order statistics of as many independent values as they are
 * worth. That number is the smaller of two estimates: from the autocorrelations of "is above the percentile", and from
 * the scatter of its share between batches. The scatter of few batches is itself uncertain, by as much as Student's t
 * is wider than the normal distribution. Blurred and withheld as in {@link meanBounds}.
 *
 * Values of one conversation may depend on each other in any way. Then conversations are independent, and the share
 * above the percentile scatters between them (cluster sampling: Woodruff 1952, "Confidence intervals for medians and
 * other position measures"; Kish 1965, the design effect).
 *
 * @param percentile 0–100
 * @param units start of each conversation in the series, and the end of the last; absent if values are single
 */
export function percentileBounds(
  series: Float64Array,
  percentile: number,
  asked: IntervalOptions,
  units?: Uint32Array,
): Bounds | null {
  if (series.length < fewestEffective) return null
  const estimate = percentileOfSorted(sortedNumbers(series), percentile)
  const sharp = percentileOf(series, percentile, asked, units)
  if (sharp !== null && Number.isFinite(sharp.high - sharp.low)) return sharp
  const margin = asked.blur * Math.abs(estimate)
  const blurred = percentileOf(blur(series, estimate, margin), percentile, asked, units)
  if (blurred !== null && Number.isFinite(blurred.high - blurred.low))
    return { estimate, low: blurred.low - margin, high: blurred.high + margin }
  return (asked.isOpen ? null : bySections(series, percentile, asked, units)) ?? sharp
}

/**
 * Interval of a percentile from the scatter of sections around the percentile of all values (sectioning: Asmussen and
 * Glynn 2007; Nakayama 2014, "Confidence intervals for quantiles using sectioning"). Only values of different sections
 * must be independent; dependence of neighboring sections widens it. Null if there are too few sections, or if they are
 * too short to have a percentile.
 */
function bySections(
  series: Float64Array,
  percentile: number,
  asked: IntervalOptions,
  units?: Uint32Array,
): Bounds | null {
  const count = units === undefined ? series.length : units.length - 1
  // Counted in the units of sections: requests, or conversations with several requests.
  const shortest = Math.ceil(((100 / (100 - percentile)) * count) / series.length)
  const round = Math.max(1, Math.ceil(shortest / asked.round)) * asked.round
  const edges = batchEdges(count, round).map(edge => units?.[edge] ?? edge)
  const sections = edges.length - 1
  if (sections < fewestBatches) return null
  const estimate = percentileOfSorted(sortedNumbers(series), percentile)
  const apart = Float64Array.from({ length: sections }, (_, section) => {
    const part = series.subarray(edges[section], edges[section + 1])
    return percentileOfSorted(sortedNumbers(part), percentile) - estimate
  })
  const squares = apart.reduce((sum, each) => sum + each ** 2, 0)
  const common = apart.reduce((sum, each, section) => sum + each * (apart[section - 1] ?? 0), 0)
  const dependence = squares === 0 ? 0 : Math.min(0.8, Math.max(0, common / squares))
  const variance = (squares / sections / (sections - 1)) * ((1 + dependence) / (1 - dependence))
  const half = studentCritical(asked.confidence, sections - 1) * Math.sqrt(variance) + asked.blur * Math.abs(estimate)
  return { estimate, low: estimate - half, high: estimate + half }
}

function percentileOf(
  series: Float64Array,
  percentile: number,
  asked: IntervalOptions,
  units?: Uint32Array,
): Bounds | null {
  const sorted = sortedNumbers(series)
  const at = percentileOfSorted(sorted, percentile)
  const above = series.map(value => (value > at ? 1 : 0))
  const effective =
    units === undefined ? effectiveRequests(series, above, asked) : effectiveOfUnits(above, units, asked)
  if (effective === null) return null
  const { estimate, low, high } = percentileInterval(sorted, percentile, effective, asked.confidence)
  return { estimate, low: low ?? Number.NEGATIVE_INFINITY, high: high ?? Number.POSITIVE_INFINITY }
}

/** Independent values that a series is worth for the share of ones; null if they are too few. */
function effectiveRequests(series: Float64Array, above: Float64Array, asked: IntervalOptions): number | null {
  const edges = batchEdges(series.length, asked.round)
  if (edges.length - 1 < fewestBatches) return null
  const effective = Math.min(
    effectiveCount(withoutPattern(above, asked.round)),
    series.length / designEffect(above, edges, asked.confidence),
  )
  const least = Math.min(effective, effectiveCount(withoutPattern(series, asked.round)))
  if (least < fewestEffective) return null
  return asked.isOpen ? effective / openCaution : effective
}

/**
 * The same for conversations: the number of independent values with which the share would scatter as it does between
 * conversations; at most the number of values.
 */
function effectiveOfUnits(
  above: Float64Array,
  units: Uint32Array,
  { round, confidence }: IntervalOptions,
): number | null {
  const count = units.length - 1
  const edges = batchEdges(count, round)
  const batches = edges.length - 1
  if (batches < fewestBatches) return null
  const share = meanOf(above)
  // Contributions to the share's error. It is a ratio of sums, because conversations with a failure are shorter.
  const errors = Float64Array.from(
    { length: count },
    (_, unit) =>
      (above.subarray(units[unit], units[unit + 1]).reduce((sum, one) => sum + one - share, 0) * count) / above.length,
  )
  const rest = withoutPattern(errors, round)
  const effective = effectiveCount(rest)
  if (effective < fewestEffective) return null
  const widening = studentCritical(confidence, batches - 1) / normalQuantile((1 + confidence) / 2)
  const variance = Math.max(varianceByValues(rest, effective), widening ** 2 * varianceByBatches(errors, edges))
  return variance === 0 ? above.length : Math.min(above.length, (share * (1 - share)) / variance)
}

/** Half of the interval of a series' mean; null if the series is worth too few independent values. */
function halfWidth(series: Float64Array, { round, confidence }: IntervalOptions): number | null {
  const edges = batchEdges(series.length, round)
  const batches = edges.length - 1
  const rest = withoutPattern(series, round)
  const effective = effectiveCount(rest)
  if (batches < fewestBatches || effective < fewestEffective) return null
  return Math.max(
    studentCritical(confidence, effective - 1) * Math.sqrt(varianceByValues(rest, effective)),
    studentCritical(confidence, batches - 1) * Math.sqrt(varianceByBatches(series, edges)),
  )
}

/**
 * Squared standard error of a mean whose values are worth `effective` independent ones. Dependent values scatter less
 * around their own mean than around the true one, by a factor of n over n − n / effective.
 */
function varianceByValues(rest: Float64Array, effective: number): number {
  const squares = rest.reduce((sum, value) => sum + value ** 2, 0)
  return squares / (rest.length - rest.length / effective) / effective
}

/** Factor by which the share of ones scatters more than that of independent values; at least 1. */
function designEffect(ones: Float64Array, edges: readonly number[], confidence: number): number {
  const share = meanOf(ones)
  const independent = (share * (1 - share)) / ones.length
  if (independent === 0) return 1
  const widening = studentCritical(confidence, edges.length - 2) / normalQuantile((1 + confidence) / 2)
  return Math.max(1, (widening ** 2 * varianceByBatches(ones, edges)) / independent)
}

/** Squared standard error of the mean, from the scatter of the sums of batches. */
function varianceByBatches(series: Float64Array, edges: readonly number[]): number {
  const mean = meanOf(series)
  const batches = edges.length - 1
  let squares = 0
  for (let batch = 0; batch < batches; batch++) {
    let sum = 0
    for (const value of series.subarray(edges[batch], edges[batch + 1])) sum += value - mean
    squares += sum ** 2
  }
  return ((squares / series.length ** 2) * batches) / (batches - 1)
}

/** Deviations from the mean at the same position in all rounds; rounding errors become 0. */
function withoutPattern(series: Float64Array, round: number): Float64Array {
  const sums = new Float64Array(round)
  const counts = new Float64Array(round)
  let most = 0
  for (const [index, value] of series.entries()) {
    sums[index % round] = (sums[index % round] ?? 0) + value
    counts[index % round] = (counts[index % round] ?? 0) + 1
    most = Math.max(most, Math.abs(value))
  }
  const rest = series.map((value, index) => value - (sums[index % round] ?? 0) / (counts[index % round] ?? 1))
  return rest.every(value => Math.abs(value) <= 1e-9 * most) ? rest.fill(0) : rest
}

/** Moves values within a margin around `at` to `at`. */
function blur(series: Float64Array, at: number, margin: number): Float64Array {
  return series.map(value => (Math.abs(value - at) <= margin ? at : value))
}

function meanOf(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}
