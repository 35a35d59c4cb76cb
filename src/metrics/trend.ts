import { mean as meanOf, median } from 'simple-statistics'
import type { Trend } from './measurement.ts'

const parts = 10
/** Minimum number of values for a result. */
const fewestValues = 100

/**
 * Tests a series for a monotone trend, using the means of ten equal parts: the Mann–Kendall test (Mann 1945, Kendall
 * 1975; variance corrected for ties), and the Theil–Sen slope (Sen 1968) for its size. Neither assumes a distribution.
 * With a closed loop's `10x` requests, the parts are its rounds; values within a round are similar, and a test on
 * single requests would mistake such groups for trends. Null below 100 values.
 *
 * @param values in the order in which the requests were sent
 */
export function trendOf(values: Float64Array): Trend | null {
  if (values.length < fewestValues) return null
  const means = Array.from({ length: parts }, (_, part) => {
    const from = Math.floor((part * values.length) / parts)
    const to = Math.floor(((part + 1) * values.length) / parts)
    return meanOf(Array.from(values.subarray(from, to)))
  })
  const pairs = means.flatMap((early, i) =>
    means.slice(i + 1).map((late, after) => ({ difference: late - early, parts: after + 1 })),
  )
  const score = pairs.reduce((sum, { difference }) => sum + Math.sign(difference), 0)
  const variance = (weight(parts) - tieWeight(means)) / 18
  const mean = meanOf(means)
  const slope = median(pairs.map(({ difference, parts: apart }) => difference / apart))
  return {
    change: mean === 0 ? 0 : (slope * (parts - 1)) / mean,
    // Reduced by one as continuity correction.
    z: score === 0 || variance <= 0 ? 0 : (score - Math.sign(score)) / Math.sqrt(variance),
  }
}

const weight = (count: number) => count * (count - 1) * (2 * count + 5)

function tieWeight(means: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const value of means) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts.values()].reduce((sum, count) => sum + weight(count), 0)
}
