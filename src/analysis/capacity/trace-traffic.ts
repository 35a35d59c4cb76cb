import { largest } from '../../model/index.ts'
import { normalisedDay } from './day-shape.ts'
import type { RequestClass, Traffic } from './question.ts'

/** Recorded requests as columns, sorted by time since the first. Traces of the generators have this form. */
export interface RecordedRequests {
  readonly count: number
  readonly atMs: Float64Array
  readonly inputTokens: Uint32Array
  readonly outputTokens: Uint32Array
}

/** Lengths by which requests are classified. */
export interface Centre {
  readonly name: string
  readonly isl: number
  readonly osl: number
}

/** Queues absorb shorter bursts, so the plan ignores them. */
const windowMs = 60_000
/** Minimum time of a cut-off window for computing its rate. With less, a few requests would form a peak. */
const leastWindowMs = 30_000
/** Times given in seconds with fractions are not exact in ms. */
const roundingMs = 1e-3
const hourMs = 3_600_000
/** A day counts as complete if at least half of its last hour was recorded. */
const dayMs = 23.5 * hourMs

/**
 * Derives traffic from recorded requests. The busiest minute is the peak. If a day or more was recorded, the hours
 * since its start form the day's shape. Each request belongs to the nearest center, and each kind has the mean lengths
 * of its own requests.
 * @throws RangeError for a trace without a rate: fewer than two requests, or all at the same time
 */
export function trafficOfTrace(
  trace: RecordedRequests,
  centres: readonly Centre[],
): Pick<Traffic, 'demand' | 'mix' | 'day' | 'busiestHour' | 'notes'> {
  const spanMs = trace.atMs.at(-1) ?? 0
  if (trace.count < 2 || !(spanMs > 0)) throw new RangeError('a trace of one moment has no rate')
  const { requestsPerS, cutOff } = peakOf(trace.atMs)
  const hours = spanMs >= dayMs ? hourly(trace.atMs) : Array.from({ length: 24 }, () => (trace.count - 1) / spanMs)
  const busiestHour = Math.min(1, (1000 * largest(hours)) / requestsPerS)
  return {
    demand: { kind: 'peak', requestsPerS },
    mix: mixOf(trace, centres),
    day: normalisedDay(hours),
    busiestHour,
    notes: [
      ...(spanMs < windowMs
        ? [
            `The trace lasts ${seconds(spanMs)} s: the plan uses its mean rate as the peak, and does not cover bursts within it or busier hours.`,
          ]
        : []),
      ...(cutOff === null
        ? []
        : [
            `The trace ends ${seconds(cutOff)} s into its busiest minute: the rate of those ${seconds(cutOff)} s is used for the whole minute.`,
          ]),
    ],
  }
}

/**
 * Requests/s of the busiest minute, wherever it begins. A minute cut off by the end of the trace counts at the rate of
 * its recorded part if that is at least {@link leastWindowMs}; `cutOff` is its length if it is the peak. A trace
 * shorter than a minute has its mean rate. A window of n requests spans n − 1 gaps, so dividing n by its time would
 * overestimate the rate.
 */
function peakOf(atMs: Float64Array): { readonly requestsPerS: number; readonly cutOff: number | null } {
  const last = atMs.length - 1
  const endMs = atMs[last] ?? 0
  if (endMs < windowMs) return { requestsPerS: (1000 * last) / endMs, cutOff: null }
  let most = 0
  let from = 0
  for (let to = 0; to <= last; to++) {
    while ((atMs[to] ?? 0) - (atMs[from] ?? 0) >= windowMs - roundingMs) from += 1
    most = Math.max(most, to - from + 1)
  }
  const whole = (1000 * most) / windowMs
  const begunMs = endMs - (endMs % windowMs)
  const lasted = endMs - begunMs
  const first = atMs.findLastIndex(at => at < begunMs) + 1
  const partial = lasted < leastWindowMs ? 0 : (1000 * (last - first)) / lasted
  return partial > whole ? { requestsPerS: partial, cutOff: lasted } : { requestsPerS: whole, cutOff: null }
}

/** Requests/ms of each hour of the day since the start, over the recorded time of that hour. */
function hourly(atMs: Float64Array): readonly number[] {
  const counted = new Float64Array(24)
  for (const at of atMs) {
    const hour = Math.floor(at / hourMs) % 24
    counted[hour] = (counted[hour] ?? 0) + 1
  }
  const endMs = atMs.at(-1) ?? 0
  const whole = Math.floor(endMs / hourMs)
  return Array.from(counted, (count, hour) => {
    const hours = Math.floor(whole / 24) + (hour < whole % 24 ? 1 : 0)
    const recorded = hours * hourMs + (hour === whole % 24 ? endMs % hourMs : 0)
    return recorded > 0 ? count / recorded : 0
  })
}

function mixOf(trace: RecordedRequests, centres: readonly Centre[]): readonly RequestClass[] {
  const sums = centres.map(({ name, isl, osl }) => ({
    name,
    x: Math.log(isl),
    y: Math.log(osl),
    count: 0,
    input: 0,
    output: 0,
  }))
  for (let i = 0; i < trace.count; i++) {
    const [input, output] = [trace.inputTokens[i] ?? 1, trace.outputTokens[i] ?? 1]
    const [x, y] = [Math.log(input), Math.log(output)]
    let nearest = sums[0]
    let least = Number.POSITIVE_INFINITY
    for (const sum of sums) {
      const distance = (x - sum.x) ** 2 + (y - sum.y) ** 2
      if (distance < least) [nearest, least] = [sum, distance]
    }
    if (nearest === undefined) continue
    nearest.count += 1
    nearest.input += input
    nearest.output += output
  }
  return sums.flatMap(({ name, count, input, output }) =>
    count === 0 ? [] : [{ name: `near ${name}`, share: count / trace.count, isl: input / count, osl: output / count }],
  )
}

const seconds = (ms: number) => Number((ms / 1000).toPrecision(3))
