import type { Length, Random } from '../../model/index.ts'
import { normalQuantile } from './normal.ts'

/**
 * Draws `count` lengths in tokens from a distribution and shuffles them. Draws one from each of `count` equally likely
 * strata, so that even a small set has the distribution's mean and spread. The mean of 100 independent lengths with a
 * standard deviation of half the mean would be off by 5%.
 *
 * @param least minimum length, because a prompt cannot be shorter than its template
 */
export function drawLengths(length: Length, count: number, random: Random, least = 1): Uint32Array {
  const lengths = new Uint32Array(count)
  const quantile = quantileOf(length)
  for (let i = 0; i < count; i++) {
    const share = (i + random.uniform()) / count
    lengths[i] = Math.max(least, Math.round(quantile(share)))
  }
  shuffle(lengths, random)
  return lengths
}

/** Inverse cumulative distribution: from a share in [0, 1) to tokens. */
function quantileOf(length: Length): (share: number) => number {
  switch (length.kind) {
    case 'fixed':
      return () => length.tokens
    case 'normal':
      return share => (length.stddev === 0 ? length.mean : length.mean + length.stddev * normalQuantile(share))
    case 'lognormal': {
      // Mean and standard deviation are those of the lognormal distribution, not of its logarithm.
      const variance = Math.log1p((length.stddev / length.mean) ** 2)
      const centre = Math.log(length.mean) - variance / 2
      return share => (variance === 0 ? length.mean : Math.exp(centre + Math.sqrt(variance) * normalQuantile(share)))
    }
    case 'uniform':
      return share => length.min - 0.5 + share * (length.max - length.min + 1)
    case 'empirical': {
      const total = length.values.reduce((sum, value) => sum + value.weight, 0)
      return share => {
        let left = share * total
        const found = length.values.find(value => {
          left -= value.weight
          return left < 0
        })
        return (found ?? length.values.at(-1))?.tokens ?? 0
      }
    }
  }
}

/** Fisher and Yates. */
/** Shuffles values in place. */
export function shuffle(values: Uint32Array, random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const kept = values[i] ?? 0
    values[i] = values[j] ?? 0
    values[j] = kept
  }
}
