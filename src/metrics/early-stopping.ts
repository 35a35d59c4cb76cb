import { incompleteBeta } from './statistics/beta.ts'

/** MLPerf's confidence for a percentile estimate. */
const defaultConfidence = 0.99

/** A percentile with the confidence that its sample count earns. */
export interface TailBound {
  /** Percentile, 0–100. */
  readonly percentile: number
  /**
   * The true percentile is at most this, with the given confidence; null when there are fewer samples than {@link
   * needed}.
   */
  readonly atMost: number | null
  readonly confidence: number
  readonly samples: number
  /** Samples below which nothing can be claimed. */
  readonly needed: number
}

/**
 * MLPerf's early-stopping estimate of a tail percentile: the t-th largest sample, t as large as the binomial test
 * allows. It is at least the empirical percentile, and by how much says how few samples that rests on.
 *
 * Source: mlcommons/inference loadgen/early_stopping.cc and results.cc (SingleStream); for LLM metrics
 * mlcommons/endpoints metrics/early_stopping.py. Tolerance 0.
 */
export function tailBound(sorted: Float64Array, percentile: number, confidence = defaultConfidence): TailBound {
  return tailBoundOf(sorted.length, rank => sorted[rank] ?? null, percentile, confidence)
}

/** {@link tailBound} of samples that are not in an array; `valueAt` gives the one of an ascending rank from 0. */
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

/** The fewest samples with which a percentile (0–100) can be claimed: 662 for p99, 130 for p95. */
export function samplesNeeded(percentile: number, confidence = defaultConfidence): number {
  return fewestBelow(1, percentile / 100, confidence) + 1
}

/** The most samples that may lie above the estimate; 0 when there are too few to claim anything. */
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
 * The fewest samples below a limit that, with `above` over it, show that a share `p` is below: P(at most `above` over |
 * p) ≤ 1 − confidence.
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
