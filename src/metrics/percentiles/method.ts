/**
 * A definition of the percentile, as a rank. The values that a rank lies between decide by a straight line, so a method
 * that always gives whole ranks takes a value that was measured.
 */
export interface PercentileMethod {
  readonly name: string
  /** Who else defines percentiles so. */
  readonly usedBy: string
  /**
   * Rank from 0 among `count` ascending values, whole or between two; clamped to the first and the last value.
   * @param share 0–1
   */
  readonly rank: (share: number, count: number) => number
}
