import { trendOf } from '../trend.ts'

/** Minimum relevant fall of TTFT through a window, as a share, and the minimum −z of a fall. */
const leastFall = 0.01
const leastZ = 0.5

/**
 * Whether TTFT falls through a window: by at least 1% according to the Theil–Sen line, and with z at or below −0.5 in
 * the Mann–Kendall test. Such a weak test calls three in ten steady windows falling, which costs one round each. It
 * misses few falls, which would distort the figure. It was chosen by measurement: docs/bench/window.md. False below 100
 * values.
 *
 * @param ttftMs of a window's requests, in the order in which they were sent
 */
export function isFalling(ttftMs: Float64Array): boolean {
  const trend = trendOf(ttftMs)
  return trend !== null && trend.change <= -leastFall && trend.z <= -leastZ
}
