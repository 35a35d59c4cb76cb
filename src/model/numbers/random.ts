/** Seeded random numbers: the same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number
  /** Uniform integer in [0, below); `below` at most 2^32. */
  integer(below: number): number
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number
  /** Exponential with mean 1. */
  exponential(): number
  /** Gamma with the given shape and mean 1, so that shape 1 is {@link Random.exponential}'s distribution. */
  gamma(shape: number): number
  /**
   * A separate generator for a part of the work. It depends on this one's seed and on `name`, not on the numbers drawn.
   */
  fork(name: string | number): Random
}

/**
 * A xoshiro128** generator (Blackman and Vigna 2018), its 128 bits of state hashed from the seed. Draws use only IEEE
 * 754 arithmetic and V8's own fdlibm logarithm, so machines do not differ.
 */
export function createRandom(seed: number | string): Random {
  const next = xoshiro128(String(seed))
  let spare: number | null = null

  const uniform = () => ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 0x20000000000000

  /** Marsaglia's polar method; its second number is kept for the next call. */
  const normal = () => {
    if (spare !== null) {
      const kept = spare
      spare = null
      return kept
    }
    for (;;) {
      const x = 2 * uniform() - 1
      const y = 2 * uniform() - 1
      const s = x * x + y * y
      if (s >= 1 || s === 0) continue
      const scale = Math.sqrt((-2 * Math.log(s)) / s)
      spare = y * scale
      return x * scale
    }
  }

  /** Marsaglia and Tsang 2000; below shape 1 by their boost with U^(1/shape). */
  const gamma = (shape: number): number => {
    if (shape < 1) return (gamma(shape + 1) * (shape + 1) * (1 - uniform()) ** (1 / shape)) / shape
    const d = shape - 1 / 3
    const c = 1 / Math.sqrt(9 * d)
    for (;;) {
      const x = normal()
      const v = (1 + c * x) ** 3
      if (v <= 0) continue
      if (Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return (d * v) / shape
    }
  }

  return {
    uniform,
    normal,
    gamma,
    exponential: () => -Math.log(1 - uniform()),
    integer: below => {
      // Lemire's rejection keeps every value equally likely.
      const limit = 0x100000000 - (0x100000000 % below)
      for (;;) {
        const drawn = next()
        if (drawn < limit) return drawn % below
      }
    },
    fork: name => createRandom(`${seed}/${name}`),
  }
}

/** An unsigned 32-bit generator. */
function xoshiro128(seed: string): () => number {
  let a = hash32(seed, 0x243f6a88)
  let b = hash32(seed, 0x85a308d3)
  let c = hash32(seed, 0x13198a2e)
  let d = hash32(seed, 0x03707344) | 1
  return () => {
    const times5 = Math.imul(b, 5)
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }
}

/** A murmur3 hash (Appleby), one UTF-16 unit per block; `start` makes independent hashes of the same text. */
function hash32(text: string, start: number): number {
  let hash = start
  for (let i = 0; i < text.length; i++) {
    const block = Math.imul(text.charCodeAt(i), 0xcc9e2d51)
    hash ^= Math.imul((block << 15) | (block >>> 17), 0x1b873593)
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64
  }
  hash ^= text.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
