import { mean, median, sampleVariance } from 'simple-statistics'
import { digamma, trigamma, trigammaInverse } from './polygamma.ts'

/** A variance and the degrees of freedom that it rests on. */
export interface VarianceEstimate {
  readonly variance: number
  readonly freedom: number
}

/** A variance that is so much smaller than most is 0 by rounding: it says nothing of how variances spread. */
const leastShareOfMedian = 1e-5

/**
 * Variances of many alike things, each from few values, made better by what the others show: empirical Bayes with a
 * scaled inverse χ² prior that is fitted to all of them (Smyth, "Linear Models and Empirical Bayes Methods for
 * Assessing Differential Expression in Microarray Experiments", Statistical Applications in Genetics and Molecular
 * Biology 2004; limma's `squeezeVar`). Where the variances differ by no more than chance, each becomes the pooled one;
 * where they truly differ, each stays near its own.
 *
 * @param estimates one for each thing; freedom 0 for a thing that was measured once
 * @returns in the order given, with freedom for Student's t; null when no estimate has freedom
 */
export function moderatedVariances(estimates: readonly VarianceEstimate[]): readonly VarianceEstimate[] | null {
  const known = estimates.filter(({ freedom }) => freedom > 0)
  const total = known.reduce((sum, { freedom }) => sum + freedom, 0)
  if (total === 0) return null
  const pooled = known.reduce((sum, { variance, freedom }) => sum + variance * freedom, 0) / total
  const middle = median(known.map(({ variance }) => variance))
  if (middle === 0)
    // Most show no noise at all: no shape to fit. The larger of own and pooled is the careful answer.
    return estimates.map(own => ({ variance: Math.max(own.variance, pooled), freedom: total }))
  const prior = priorOf(known.filter(({ variance }) => variance > leastShareOfMedian * middle))
  if (prior === null) return estimates.map(() => ({ variance: pooled, freedom: total }))
  return estimates.map(({ variance, freedom }) => ({
    variance: (prior.variance * prior.freedom + variance * freedom) / (prior.freedom + freedom),
    // No test can rest on more than all values together.
    freedom: Math.min(prior.freedom + freedom, total),
  }))
}

/**
 * The prior's scale and freedom by the moments of log variances (Smyth 2004, 6.2); null where they spread by no more
 * than chance.
 */
function priorOf(known: readonly VarianceEstimate[]): VarianceEstimate | null {
  if (known.length < 2) return null
  const logs = known.map(({ variance, freedom }) => Math.log(variance) - digamma(freedom / 2) + Math.log(freedom / 2))
  const spread = sampleVariance(logs) - mean(known.map(({ freedom }) => trigamma(freedom / 2)))
  if (spread <= 0) return null
  const freedom = 2 * trigammaInverse(spread)
  return { variance: Math.exp(mean(logs) + digamma(freedom / 2) - Math.log(freedom / 2)), freedom }
}
