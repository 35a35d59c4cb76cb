import { trendOf } from '../trend.ts'

/** A fall of TTFT through a window that matters, and a z above which the tenths of the window are not in order. */
const leastFall = 0.01
const leastZ = 0.5

/**
 * Whether TTFT falls through a window: by the Theil–Sen line by 1% or more, and by Mann and Kendall's test with z below
 * −0.5. Such a weak test calls three in ten steady windows falling, which costs a round each, and misses few falls,
 * which would cost the figure. It was chosen by measurement: docs/bench/window.md. False below 100 values.
 *
 * @param ttftMs of a window's requests, in the order in which they were sent
 */
export function isFalling(ttftMs: Float64Array): boolean {
  const trend = trendOf(ttftMs)
  return trend !== null && trend.change <= -leastFall && trend.z <= -leastZ
}
