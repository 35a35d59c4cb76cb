import { incompleteBeta } from './statistics/beta.ts'

/** MLPerf's confidence for a percentile estimate. */
const defaultConfidence = 0.99

/** Upper bound of a percentile, with the confidence that the sample count allows. */
export interface TailBound {
  /** Percentile, 0–100. */
  readonly percentile: number
  /**
   * Upper bound of the true percentile with the given confidence; null if there are fewer samples than {@link needed}.
   */
  readonly atMost: number | null
  readonly confidence: number
  readonly samples: number
  /** Minimum number of samples for any bound. */
  readonly needed: number
}

/**
 * MLPerf's early-stopping estimate of a tail percentile: the t-th largest sample, with the largest t that the binomial
 * test allows. It is at least the empirical percentile; the difference shows how few samples there are.
 *
 * Source: mlcommons/inference loadgen/early_stopping.cc and results.cc (SingleStream); for LLM metrics
 * mlcommons/endpoints metrics/early_stopping.py. Tolerance 0.
 */
export function tailBound(sorted: Float64Array, percentile: number, confidence = defaultConfidence): TailBound {
  return tailBoundOf(sorted.length, rank => sorted[rank] ?? null, percentile, confidence)
}

/** {@link tailBound} of samples that are not in an array; `valueAt` returns the sample at an ascending rank from 0. */
export function tailBoundOf(
  samples: number,
  valueAt: (rank: number) => number | null,
  percentile: number,
  confidence = defaultConfidence,
): TailBound {
  const discard = discardable(samples, percentile, confidence)
  return {
    percentile,
    atMost: discard === 0 ? null : valueAt(samples - discard),
    confidence,
    samples,
    needed: samplesNeeded(percentile, confidence),
  }
}

/** Minimum number of samples for claiming a percentile (0–100): 662 for p99, 130 for p95. */
export function samplesNeeded(percentile: number, confidence = defaultConfidence): number {
  return fewestBelow(1, percentile / 100, confidence) + 1
}

/** Maximum number of samples above the estimate; 0 if there are too few for any claim. */
function discardable(samples: number, percentile: number, confidence: number): number {
  const allowed = (above: number) => fewestBelow(above, percentile / 100, confidence) + above <= samples
  if (!allowed(1)) return 0
  let low = 1
  let high = samples
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (allowed(middle)) low = middle
    else high = middle
  }
  return low
}

/**
 * Minimum number of samples below a limit that, with `above` samples over it, shows that a share `p` is below: P(at
 * most `above` over | p) ≤ 1 − confidence.
 */
function fewestBelow(above: number, p: number, confidence: number): number {
  const shown = (below: number) => incompleteBeta(p, below, above + 1) <= 1 - confidence
  let high = 1
  while (!shown(high)) high *= 2
  let low = high >> 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (shown(middle)) high = middle
    else low = middle
  }
  return high
}
