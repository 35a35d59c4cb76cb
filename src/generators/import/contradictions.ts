import type { Distribution, Finding, Measurement } from '../../metrics/measurement.ts'

/** How far the rate of a summary may be from its count over its duration. Programs draw the window differently. */
const mostTimes = 3

/** Statistics in ascending order; the mean is anywhere between the ends. */
const ascending = ['min', 'p1', 'p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99', 'max'] as const

const distributions = [
  ['TTFT', 'ttftMs'],
  ['TTST', 'ttstMs'],
  ['ITL', 'itlMs'],
  ['request latency', 'requestLatencyMs'],
  ['ISL', 'isl'],
  ['OSL', 'osl'],
] as const satisfies readonly (readonly [string, keyof Measurement])[]

/** Figures of a summary that cannot all be true, so that none of them can be relied on. */
export function contradictions(measurement: Measurement): readonly Finding[] {
  const found = [
    ...distributions.flatMap(([title, key]) => disorder(title, measurement[key])),
    ...latencyContradiction(measurement),
    ...rateContradiction(measurement),
  ]
  if (found.length === 0) return []
  const message = `The summary contradicts itself: ${found.join('; ')}. Measure again, or correct the file`
  return [{ severity: 'invalid', code: 'imported-contradictory', message }]
}

/** `p95 of TTFT 100 is below p50 291.4` */
function disorder(title: string, distribution: Distribution | null): readonly string[] {
  if (distribution === null) return []
  const { mean, min, max } = distribution
  const stated = ascending.flatMap(name => {
    const value = distribution[name]
    return value === null ? [] : [{ name, value }]
  })
  const negative = [{ name: 'mean', value: mean }, ...stated].find(({ value }) => value < 0)
  if (negative !== undefined) return [`${negative.name} of ${title} ${negative.value} is negative`]
  for (const [i, { name, value }] of stated.entries()) {
    const before = stated[i - 1]
    if (before !== undefined && isBelow(value, before.value))
      return [`${name} of ${title} ${value} is below ${before.name} ${before.value}`]
  }
  if (min !== null && isBelow(mean, min)) return [`mean of ${title} ${mean} is below min ${min}`]
  return max !== null && isBelow(max, mean) ? [`max of ${title} ${max} is below mean ${mean}`] : []
}

/** Ignores the rounding of programs. */
const isBelow = (value: number, other: number): boolean => value < other * (1 - 1e-3)

/** A first token comes before the last one, so that other units show. */
function latencyContradiction({ ttftMs, requestLatencyMs }: Measurement): readonly string[] {
  if (ttftMs === null || requestLatencyMs === null || !isBelow(requestLatencyMs.mean, ttftMs.mean)) return []
  return [`mean request latency ${requestLatencyMs.mean} ms is below mean TTFT ${ttftMs.mean} ms`]
}

function rateContradiction({ requests, durationS, requestsPerS }: Measurement): readonly string[] {
  if (requests.completed === 0 || requests.isCompletedKnown === false || requestsPerS === null) return []
  const times = (requestsPerS * durationS) / requests.completed
  if (times <= mostTimes && times >= 1 / mostTimes) return []
  return [`${requestsPerS} requests/s over ${durationS} s are not its ${requests.completed} answered requests`]
}
