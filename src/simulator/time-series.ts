/**
 * A series condensed as it grows: means of consecutive values, with as many values per mean as needed to keep the means
 * few.
 */
export interface TimeSeries {
  add(atMs: number, value: number): void
  /** Start of each group in seconds, and its mean. */
  readonly series: { readonly atS: Float64Array; readonly values: Float64Array }
}

/** Maximum number of means; above it, neighbors are merged in pairs. */
const mostGroups = 4096

/** Creates an empty series. */
export function createTimeSeries(): TimeSeries {
  let atMs: number[] = []
  let means: number[] = []
  let size = 1
  let count = 0
  let sum = 0
  let startMs = 0

  function halve(): void {
    atMs = atMs.filter((_, index) => index % 2 === 0)
    means = means.flatMap((mean, index) => (index % 2 === 1 ? [((means[index - 1] ?? mean) + mean) / 2] : []))
    size *= 2
  }

  return {
    add(time, value) {
      if (count === 0) startMs = time
      sum += value
      if (++count < size) return
      atMs.push(startMs)
      means.push(sum / size)
      count = sum = 0
      if (means.length === mostGroups) halve()
    },
    get series() {
      return { atS: Float64Array.from(atMs, time => time / 1000), values: Float64Array.from(means) }
    },
  }
}
