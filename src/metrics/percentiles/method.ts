/**
 * Definition of the percentile by a rank. Values are interpolated linearly between whole ranks, so a method that only
 * returns whole ranks always selects a measured value.
 */
export interface PercentileMethod {
  readonly name: string
  /** Other programs with this definition. */
  readonly usedBy: string
  /**
   * Rank from 0 among `count` ascending values, not necessarily whole; clamped to the first and the last value.
   * @param share 0–1
   */
  readonly rank: (share: number, count: number) => number
}
