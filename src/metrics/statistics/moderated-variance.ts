import { gammaln, median } from 'simple-statistics'

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
 * @param trusted degrees of freedom that a prior needs to make a variance smaller than the item's own
 * @returns in the given order, with degrees of freedom for Student's t; null if no estimate has any
 */
export function moderatedVariances(
  estimates: readonly VarianceEstimate[],
  trusted = 0,
): readonly VarianceEstimate[] | null {
  const known = estimates.filter(({ freedom }) => freedom > 0)
  const total = known.reduce((sum, { freedom }) => sum + freedom, 0)
  if (total === 0) return null
  const pooled = known.reduce((sum, { variance, freedom }) => sum + variance * freedom, 0) / total
  const middle = median(known.map(({ variance }) => variance))
  if (middle === 0)
    // Most show no noise at all, so no prior can be fitted. The larger of own and pooled variance is the conservative
    // choice.
    return estimates.map(own => ({ variance: Math.max(own.variance, pooled), freedom: total }))
  const prior = priorOf(
    known.filter(({ variance }) => variance > leastShareOfMedian * middle),
    total,
  )
  if (prior === null) return estimates.map(() => ({ variance: pooled, freedom: total }))
  return estimates.map(own => {
    const freedom = prior.freedom + own.freedom
    const variance = (prior.variance * prior.freedom + own.variance * own.freedom) / freedom
    if (prior.freedom < trusted && variance < own.variance) return own
    // No test can have more degrees of freedom than all values together.
    return { variance, freedom: Math.min(freedom, total) }
  })
}

/**
 * Scale and degrees of freedom of the prior that make these variances most likely; null if they differ only by chance.
 * Under it, each follows a scaled F distribution (Smyth 2004, 6.1). Maximum likelihood (Wright and Simon, "A random
 * variance model for detection of differential gene expression in small microarray experiments", Bioinformatics 2003)
 * instead of the moments of log variances (Smyth 2004, 6.2): the logarithm of a variance from three values varies so
 * much that moments of a few dozen of them find differences where there are none.
 */
function priorOf(known: readonly VarianceEstimate[], total: number): VarianceEstimate | null {
  if (known.length < 2) return null
  const most = alike * total
  const freedom = Math.exp(
    maximumOf(log => logLikelihood(known, Math.exp(log)), Math.log(leastFreedom), Math.log(most)),
  )
  return freedom > most / 2 ? null : { variance: scaleFor(known, freedom), freedom }
}

/** A prior with fewer degrees of freedom says nothing. */
const leastFreedom = 0.1
/** With this many times the freedom of all variances, a prior says that all of them are the same. */
const alike = 100

/** Log likelihood of a prior with this freedom and its most likely scale, up to a constant. */
function logLikelihood(known: readonly VarianceEstimate[], freedom: number): number {
  const scale = freedom * scaleFor(known, freedom)
  const constants = new Map<number, number>()
  const constant = (d: number) => {
    const found = constants.get(d) ?? gammaln((d + freedom) / 2) - gammaln(freedom / 2) - (d / 2) * Math.log(scale)
    constants.set(d, found)
    return found
  }
  return known.reduce(
    (sum, { variance, freedom: d }) => sum + constant(d) - ((d + freedom) / 2) * Math.log1p((d * variance) / scale),
    0,
  )
}

/** Most likely scale of a prior with this freedom: Newton's method on its logarithm, in limited steps. */
function scaleFor(known: readonly VarianceEstimate[], freedom: number): number {
  let log = Math.log(median(known.map(({ variance }) => variance)))
  for (let i = 0; i < 50; i++) {
    let [excess, slope] = [0, 0]
    const scale = freedom * Math.exp(log)
    for (const { variance, freedom: d } of known) {
      const ratio = (d * variance) / scale
      const share = ratio / (1 + ratio)
      excess += (d + freedom) * share - d
      slope += ((d + freedom) * share) / (1 + ratio)
    }
    const step = Math.max(-2, Math.min(2, excess / slope))
    log += step
    if (Math.abs(step) < 1e-10) break
  }
  return Math.exp(log)
}

/** Where a function with one maximum has it: golden-section search (Kiefer 1953). */
function maximumOf(of: (x: number) => number, from: number, to: number): number {
  const golden = (Math.sqrt(5) - 1) / 2
  let [low, high] = [from, to]
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)]
  let [atLeft, atRight] = [of(left), of(right)]
  while (high - low > 1e-4) {
    if (atLeft > atRight) {
      ;[high, right, atRight] = [right, left, atLeft]
      left = high - golden * (high - low)
      atLeft = of(left)
    } else {
      ;[low, left, atLeft] = [left, right, atRight]
      right = low + golden * (high - low)
      atRight = of(right)
    }
  }
  return (low + high) / 2
}
