/** A mean and its standard deviation. */
export interface Estimated {
  readonly mean: number
  readonly deviation: number
}

/** Correlation between the residuals of two places; 1 for the same place, without measurement noise. */
export type Kernel<P> = (a: P, b: P) => number

/** Candidate shares of noise in the variance; the most likely one is used. */
const noiseShares = [0.002, 0.02, 0.15]

/** Weight of the prior standard deviation, in measurements. */
const priorWeight = 4

/**
 * Simple kriging (a Gaussian process with mean 0): estimates the residuals from a trend at unmeasured places, and their
 * uncertainty, from those at measured ones. The scale of the variance is the most likely one given a prior, in closed
 * form; its share of noise is chosen by marginal likelihood. Rasmussen and Williams, Gaussian Processes for Machine
 * Learning (2006), 2.2 and 5.4.
 *
 * @param strays residuals: one list for each quantity, with a value for every place
 * @param expected standard deviation of each quantity before any measurement
 */
export function kriging<P>(
  places: readonly P[],
  strays: readonly (readonly number[])[],
  expected: readonly number[],
  kernel: Kernel<P>,
): (place: P) => readonly Estimated[] {
  const n = places.length
  const covariance = places.map((place, i) => Float64Array.from(places.slice(0, i + 1), other => kernel(place, other)))
  const fits = noiseShares.map(noise => fit(covariance, strays, expected, noise))
  const best = fits.reduce((a, b) => (b.logLikelihood > a.logLikelihood ? b : a))
  return place => {
    const near = Float64Array.from(places, other => kernel(place, other))
    // Computed lazily: it takes n times as long as a mean, and few deviations are needed.
    let left: number | undefined
    return best.weights.map((weights, i) => {
      let mean = 0
      for (let at = 0; at < n; at++) mean += (near[at] ?? 0) * (weights[at] ?? 0)
      return {
        mean,
        get deviation() {
          left ??= unexplained(best.lower, near, kernel(place, place))
          return Math.sqrt(left * (best.scales[i] ?? 0))
        },
      }
    })
  }
}

/** Share of a place's variance that the measured places do not explain. */
function unexplained(lower: Lower, near: Float64Array, own: number): number {
  const explained = forward(lower, near).reduce((sum, value) => sum + value * value, 0)
  return Math.max(1e-9, own - explained)
}

interface Fit {
  readonly lower: Lower
  readonly weights: readonly Float64Array[]
  /** Variance of each quantity. */
  readonly scales: readonly number[]
  readonly logLikelihood: number
}

function fit(
  covariance: Lower,
  strays: readonly (readonly number[])[],
  expected: readonly number[],
  noise: number,
): Fit {
  const n = covariance.length
  const lower = cholesky(covariance, noise)
  const logDeterminant = lower.reduce((sum, row, i) => sum + 2 * Math.log(row[i] ?? 1), 0)
  const weights: Float64Array[] = []
  const scales: number[] = []
  let logLikelihood = 0
  for (const [i, values] of strays.entries()) {
    const half = forward(lower, Float64Array.from(values))
    const squares = half.reduce((sum, value) => sum + value * value, 0)
    const scale = (squares + priorWeight * (expected[i] ?? 0) ** 2) / (n + priorWeight)
    weights.push(backward(lower, half))
    scales.push(scale)
    logLikelihood -= 0.5 * ((n + priorWeight) * Math.log(scale) + logDeterminant)
  }
  return { lower, weights, scales, logLikelihood }
}

/** Rows of a lower triangular matrix. */
type Lower = readonly Float64Array[]

function cholesky(covariance: Lower, noise: number): Lower {
  const rows: Float64Array[] = []
  for (const [i, wanted] of covariance.entries()) {
    const row = new Float64Array(i + 1)
    for (let j = 0; j <= i; j++) {
      const other = rows[j] ?? row
      let sum = (wanted[j] ?? 0) + (i === j ? noise : 0)
      for (let k = 0; k < j; k++) sum -= (row[k] as number) * (other[k] as number)
      row[j] = i === j ? Math.sqrt(Math.max(sum, 1e-10)) : sum / (other[j] ?? 1)
    }
    rows.push(row)
  }
  return rows
}

function forward(lower: Lower, right: Float64Array): Float64Array {
  const solved = new Float64Array(right.length)
  for (const [i, row] of lower.entries()) {
    let sum = right[i] ?? 0
    for (let k = 0; k < i; k++) sum -= (row[k] as number) * (solved[k] as number)
    solved[i] = sum / (row[i] ?? 1)
  }
  return solved
}

function backward(lower: Lower, right: Float64Array): Float64Array {
  const solved = new Float64Array(right)
  for (let i = lower.length - 1; i >= 0; i--) {
    const row = lower[i]
    if (row === undefined) continue
    const value = (solved[i] ?? 0) / (row[i] ?? 1)
    solved[i] = value
    for (let k = 0; k < i; k++) solved[k] = (solved[k] ?? 0) - (row[k] ?? 0) * value
  }
  return solved
}
