import type { WholeDistribution } from './measurement.ts'
import { type PercentileMethod, percentileMethod, rankOf } from './percentiles/index.ts'

/** Buckets per power of two: 128, so the middle of a bucket is at most 1/256 (0.39%) off. */
const subBits = 7
const bucketCount = (32 - subBits) << subBits

/** Bytes of a histogram's buckets, for those in shared memory. */
export const histogramBytes = bucketCount * Float64Array.BYTES_PER_ELEMENT

/** Contents of a histogram as plain data that threads can send to each other. */
export interface HistogramState {
  readonly count: number
  readonly sumUs: number
  readonly squaresUs2: number
  readonly minUs: number
  readonly maxUs: number
  /** Its buffer may be transferred if the histogram is no longer used. */
  readonly buckets: Float64Array
}

/**
 * Times in ms, counted in log-linear buckets as in HDR histograms (Tene). Recording takes a few integer operations and
 * allocates nothing. Merging is lossless, because counts and sums of whole microseconds add exactly.
 *
 * A percentile is off by at most 0.39% of its value or 0.5 µs, whichever is larger; mean and extremes are exact to the
 * microsecond. Times above 35 minutes share the last bucket. NaN is ignored, and times below 0 count as 0.
 */
export class Histogram {
  #count = 0
  #sumUs = 0
  #squaresUs2 = 0
  #minUs = Number.POSITIVE_INFINITY
  #maxUs = 0
  readonly #buckets: Float64Array

  /** @param buckets memory for the counts; allocated by default */
  constructor(buckets: Float64Array = new Float64Array(bucketCount)) {
    this.#buckets = buckets
  }

  /** Creates a histogram that continues from the contents of another. */
  static from(state: HistogramState): Histogram {
    const histogram = new Histogram()
    histogram.#add(state)
    return histogram
  }

  /** A histogram of counts in others' buckets. Its sums and extremes are only as precise as a bucket. */
  static ofBuckets(all: readonly Float64Array[]): Histogram {
    const histogram = new Histogram()
    for (const buckets of all)
      for (let bucket = 0; bucket < bucketCount; bucket++) {
        const times = buckets[bucket] ?? 0
        if (times > 0) histogram.record(middleOf(bucket) / 1000, times)
      }
    return histogram
  }

  get count(): number {
    return this.#count
  }

  /** Counts a time, or `times` equal ones at once. */
  record(ms: number, times = 1): void {
    const us = ms < 0 ? 0 : Math.round(ms * 1000)
    if (Number.isNaN(us)) return
    this.#count += times
    this.#sumUs += us * times
    this.#squaresUs2 += us * us * times
    if (us < this.#minUs) this.#minUs = us
    if (us > this.#maxUs) this.#maxUs = us
    const bucket = bucketOf(us)
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + times
  }

  /** Adds the contents of another histogram, as if this one had recorded them. */
  merge(other: Histogram): void {
    this.#add(other.toState())
  }

  /** Clears the histogram, for example after a warm-up. */
  reset(): void {
    this.#count = this.#sumUs = this.#squaresUs2 = this.#maxUs = 0
    this.#minUs = Number.POSITIVE_INFINITY
    this.#buckets.fill(0)
  }

  /** The contents themselves, not a copy. */
  toState(): HistogramState {
    return {
      count: this.#count,
      sumUs: this.#sumUs,
      squaresUs2: this.#squaresUs2,
      minUs: this.#minUs,
      maxUs: this.#maxUs,
      buckets: this.#buckets,
    }
  }

  /** Null while the histogram is empty. */
  toDistribution(method: PercentileMethod = percentileMethod): WholeDistribution | null {
    if (this.#count === 0) return null
    const meanUs = this.#sumUs / this.#count
    const varianceUs2 = Math.max(0, this.#squaresUs2 / this.#count - meanUs * meanUs)
    const [p1 = 0, p5 = 0, p10 = 0, p25 = 0, p50 = 0, p75 = 0, p90 = 0, p95 = 0, p99 = 0] = this.#percentiles(
      [1, 5, 10, 25, 50, 75, 90, 95, 99],
      method,
    )
    return {
      count: this.#count,
      mean: meanUs / 1000,
      stddev: Math.sqrt(varianceUs2) / 1000,
      min: this.#minUs / 1000,
      p1,
      p5,
      p10,
      p25,
      p50,
      p75,
      p90,
      p95,
      p99,
      max: this.#maxUs / 1000,
    }
  }

  /** A percentile (0–100) in ms; NaN while the histogram is empty. */
  percentile(p: number): number {
    return this.#percentiles([p])[0] ?? Number.NaN
  }

  /** Value in ms at a rank from 0, as accurate as a percentile; NaN while the histogram is empty. */
  valueAt(rank: number): number {
    return (this.#valuesAt([rank])[0] ?? Number.NaN) / 1000
  }

  /** Ascending percentiles in ms, computed in one pass over the buckets. */
  #percentiles(ascending: readonly number[], method?: PercentileMethod): number[] {
    const ranks = ascending.map(p => rankOf(p, this.#count, method))
    const values = this.#valuesAt(ranks.flatMap(rank => [Math.floor(rank), Math.ceil(rank)]))
    return ranks.map((rank, index) => {
      const below = values[2 * index] ?? Number.NaN
      const above = values[2 * index + 1] ?? Number.NaN
      return (below + (above - below) * (rank - Math.floor(rank))) / 1000
    })
  }

  /** Values in µs at ascending ranks from 0: the middle of their buckets, except for the exact minimum and maximum. */
  #valuesAt(ranks: readonly number[]): number[] {
    if (this.#count === 0) return ranks.map(() => Number.NaN)
    let bucket = bucketOf(this.#minUs)
    let seen = this.#buckets[bucket] ?? 0
    return ranks.map(rank => {
      if (rank <= 0) return this.#minUs
      if (rank >= this.#count - 1) return this.#maxUs
      while (seen <= rank && bucket < bucketCount - 1) seen += this.#buckets[++bucket] ?? 0
      return Math.min(Math.max(middleOf(bucket), this.#minUs), this.#maxUs)
    })
  }

  #add(state: HistogramState): void {
    this.#count += state.count
    this.#sumUs += state.sumUs
    this.#squaresUs2 += state.squaresUs2
    this.#minUs = Math.min(this.#minUs, state.minUs)
    this.#maxUs = Math.max(this.#maxUs, state.maxUs)
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + (state.buckets[bucket] ?? 0)
    }
  }
}

/** Buckets are 1 µs wide below 256 µs; above, each power of two has 128 buckets. */
function bucketOf(us: number): number {
  const whole = us < 0x80000000 ? us : 0x7fffffff
  const shift = Math.max(0, 31 - Math.clz32(whole) - subBits)
  return (shift << subBits) + (whole >>> shift)
}

function middleOf(bucket: number): number {
  const shift = Math.max(0, (bucket >>> subBits) - 1)
  const start = (bucket - (shift << subBits)) * 2 ** shift
  return start + (2 ** shift - 1) / 2
}
