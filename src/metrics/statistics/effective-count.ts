/**
 * Below this number of independent values, a series does not determine its own dependence well enough for an interval
 * with the stated confidence.
 */
export const fewestEffective = 30

/** Maximum multiplications for a long series. */
const mostWork = 3e7

/**
 * Number of independent values that a series is worth for its mean: its length divided by the integrated
 * autocorrelation time. Pairs of neighboring autocorrelations are summed while they are positive and decreasing (Geyer
 * 1992, "Practical Markov Chain Monte Carlo", 3.3: the initial monotone sequence), so that the noise of long lags adds
 * nothing. Expects values in time order, such as the latencies of requests that shared a batch. At most the length and,
 * from 4 values on, at least 2. Also 2 if the dependence does not end within {@link mostWork}.
 */
export function effectiveCount(series: Float64Array): number {
  const n = series.length
  if (n < 4) return n
  const mean = series.reduce((sum, value) => sum + value, 0) / n
  const covariance = (lag: number) => {
    let sum = 0
    for (let i = lag; i < n; i++) sum += ((series[i] as number) - mean) * ((series[i - lag] as number) - mean)
    return sum / n
  }
  const variance = covariance(0)
  if (variance === 0) return n
  let time = -1
  let before = Number.POSITIVE_INFINITY
  for (let lag = 0; lag + 1 < n / 2; lag += 2) {
    if (lag * n > mostWork) return 2
    const pair = Math.min(before, (covariance(lag) + covariance(lag + 1)) / variance)
    if (pair <= 0) break
    time += 2 * pair
    before = pair
  }
  return Math.min(n, Math.max(2, n / Math.max(1, time)))
}
