import type { SteadyState } from './measurement.ts'

const batchSize = 5
/** Minimum number of batches for a result. */
const fewestBatches = 8
/** Maximum number of groups of batches in the steady part. */
const mostGroups = 20
/** Minimum relevant relative difference of the halves, and how many standard errors it must exceed. */
const driftThatMatters = 0.1
const driftThatShows = 5

const method = `MSER-${batchSize} truncation (White 1997), then the halves of the rest compared`

/** One figure of each request (or second), in order of time. */
export interface Series {
  /** Seconds since the start of the window, ascending. */
  readonly atS: Float64Array
  readonly values: Float64Array
}

/**
 * Finds where a series becomes steady. MSER-5 cuts off the start whose removal minimizes the squared standard error of
 * the mean of the rest, over batches of 5 (White, 'An effective truncation heuristic for bias reduction in simulation
 * output', Simulation 69(6), 1997; batches: Spratt 1998). As usual, it only searches the first half.
 *
 * MSER always finds a cut, even in a series that never settles, such as the TTFT of an overloaded open loop. So the
 * rest must also be stable: its halves may not differ both by 10% and by 5 standard errors. The error comes from the
 * differences of neighboring group means (von Neumann 1941), which a drift hardly inflates.
 *
 * Null below 40 values.
 */
export function steadyState(series: Series): SteadyState | null {
  const batches = batchMeans(series.values, batchSize)
  if (batches.length < fewestBatches) return null
  const cut = mserCut(batches)
  const rest = batches.subarray(cut)
  const fromS = cut === 0 ? 0 : (series.atS[cut * batchSize] ?? 0) - (series.atS[0] ?? 0)
  const drift = driftOf(rest)
  const reached = Math.abs(drift.relative) < driftThatMatters || drift.errors < driftThatShows
  if (reached) return { method, reached, fromS }
  const direction = drift.relative > 0 ? 'rose' : 'fell'
  const percent = Math.abs(drift.relative * 100).toFixed(0)
  return {
    method,
    reached,
    fromS,
    note: `it ${direction} by ${percent}% from the first to the second half of the rest`,
  }
}

/** Index of the batch in the first half from which on the squared standard error of the mean is minimal. */
function mserCut(batches: Float64Array): number {
  let best = 0
  let least = Number.POSITIVE_INFINITY
  let sum = 0
  let squares = 0
  // Starts at the end, so that each statistic is the previous one plus a batch. Deviations from the last batch preserve
  // precision.
  const origin = batches.at(-1) ?? 0
  for (let cut = batches.length - 1; cut >= 0; cut--) {
    const value = (batches[cut] ?? 0) - origin
    sum += value
    squares += value * value
    if (cut > batches.length / 2) continue
    const left = batches.length - cut
    const error = Math.max(0, squares - (sum * sum) / left) / (left * left)
    // Of equal errors, the earlier cut wins because it keeps more data.
    if (error <= least) {
      least = error
      best = cut
    }
  }
  return best
}

/**
 * Compares the second half of a series with the first: relative difference of the means, and the difference in standard
 * errors.
 */
function driftOf(batches: Float64Array): { readonly relative: number; readonly errors: number } {
  const groups = groupMeans(batches, Math.min(mostGroups, batches.length) & ~1)
  const half = groups.length / 2
  const first = meanOf(groups.subarray(0, half))
  const second = meanOf(groups.subarray(half))
  let squares = 0
  for (let group = 1; group < groups.length; group++) squares += ((groups[group] ?? 0) - (groups[group - 1] ?? 0)) ** 2
  const variance = squares / (2 * (groups.length - 1))
  const difference = second - first
  return {
    relative: difference === 0 ? 0 : (2 * difference) / (Math.abs(first) + Math.abs(second)),
    errors: difference === 0 ? 0 : Math.abs(difference) / Math.sqrt((2 * variance) / half),
  }
}

function groupMeans(batches: Float64Array, groups: number): Float64Array {
  return Float64Array.from({ length: groups }, (_, group) => {
    const from = Math.floor((group * batches.length) / groups)
    const to = Math.floor(((group + 1) * batches.length) / groups)
    return meanOf(batches.subarray(from, to))
  })
}

function meanOf(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/** Means of consecutive batches without an incomplete last one. */
function batchMeans(values: Float64Array, size: number): Float64Array {
  return Float64Array.from({ length: Math.floor(values.length / size) }, (_, batch) =>
    meanOf(values.subarray(batch * size, (batch + 1) * size)),
  )
}
