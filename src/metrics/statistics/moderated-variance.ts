import { mean, median, sampleVariance } from 'simple-statistics'
import { digamma, trigamma, trigammaInverse } from './polygamma.ts'

/** A variance and its degrees of freedom. */
export interface VarianceEstimate {
  readonly variance: number
  readonly freedom: number
}

/**
 * A variance below this share of the median is 0 up to rounding and carries no information about the spread of
 * variances.
 */
const leastShareOfMedian = 1e-5

/**
 * Moderated estimates of many similar variances, each from few values: empirical Bayes with a scaled inverse χ² prior
 * that is fitted to all of them (Smyth, "Linear Models and Empirical Bayes Methods for Assessing Differential
 * Expression in Microarray Experiments", Statistical Applications in Genetics and Molecular Biology 2004; limma's
 * `squeezeVar`). If the variances differ only by chance, each becomes the pooled one; otherwise each stays near its own
 * value.
 *
 * @param estimates one for each item; freedom 0 for an item with a single measurement
 * @returns in the given order, with degrees of freedom for Student's t; null if no estimate has any
 */
export function moderatedVariances(estimates: readonly VarianceEstimate[]): readonly VarianceEstimate[] | null {
  const known = estimates.filter(({ freedom }) => freedom > 0)
  const total = known.reduce((sum, { freedom }) => sum + freedom, 0)
  if (total === 0) return null
  const pooled = known.reduce((sum, { variance, freedom }) => sum + variance * freedom, 0) / total
  const middle = median(known.map(({ variance }) => variance))
  if (middle === 0)
    // Most show no noise at all, so no prior can be fitted. The larger of own and pooled variance is the conservative
    // choice.
    return estimates.map(own => ({ variance: Math.max(own.variance, pooled), freedom: total }))
  const prior = priorOf(known.filter(({ variance }) => variance > leastShareOfMedian * middle))
  if (prior === null) return estimates.map(() => ({ variance: pooled, freedom: total }))
  return estimates.map(({ variance, freedom }) => ({
    variance: (prior.variance * prior.freedom + variance * freedom) / (prior.freedom + freedom),
    // No test can have more degrees of freedom than all values together.
    freedom: Math.min(prior.freedom + freedom, total),
  }))
}

/**
 * Scale and degrees of freedom of the prior, from the moments of log variances (Smyth 2004, 6.2); null if they differ
 * only by chance.
 */
function priorOf(known: readonly VarianceEstimate[]): VarianceEstimate | null {
  if (known.length < 2) return null
  const logs = known.map(({ variance, freedom }) => Math.log(variance) - digamma(freedom / 2) + Math.log(freedom / 2))
  const spread = sampleVariance(logs) - mean(known.map(({ freedom }) => trigamma(freedom / 2)))
  if (spread <= 0) return null
  const freedom = 2 * trigammaInverse(spread)
  return { variance: Math.exp(mean(logs) + digamma(freedom / 2) - Math.log(freedom / 2)), freedom }
}
