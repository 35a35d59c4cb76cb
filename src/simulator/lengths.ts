import type { Length, Random } from '../model/index.ts'

/** Draws lengths of at least one token one at a time, so memory does not grow with requests. */
export function lengthSource(length: Length, random: Random): () => number {
  const tokens = (drawn: number) => Math.max(1, Math.round(drawn))
  switch (length.kind) {
    case 'fixed':
      return () => length.tokens
    case 'normal':
      return () => tokens(length.mean + length.stddev * random.normal())
    case 'lognormal': {
      // Mean and standard deviation are those of the lognormal distribution, not of its logarithm.
      const variance = Math.log1p((length.stddev / length.mean) ** 2)
      const centre = Math.log(length.mean) - variance / 2
      return () => tokens(Math.exp(centre + Math.sqrt(variance) * random.normal()))
    }
    case 'uniform':
      return () => length.min + random.integer(length.max - length.min + 1)
    case 'empirical': {
      const total = length.values.reduce((sum, value) => sum + value.weight, 0)
      return () => {
        let left = random.uniform() * total
        const found = length.values.find(value => {
          left -= value.weight
          return left < 0
        })
        return tokens((found ?? length.values.at(-1))?.tokens ?? 1)
      }
    }
  }
}
