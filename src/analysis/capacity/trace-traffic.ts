import { largest, smallest } from '../../point/index.ts'
import { normalisedDay } from './day-shape.ts'
import type { RequestClass, Traffic } from './question.ts'

/** Recorded requests in columns, ascending in time since the first; the load room's traces fit as they are. */
export interface RecordedRequests {
  readonly count: number
  readonly atMs: Float64Array
  readonly inputTokens: Uint32Array
  readonly outputTokens: Uint32Array
}

/** Lengths that requests are told apart by. */
export interface Centre {
  readonly name: string
  readonly isl: number
  readonly osl: number
}

/** Shorter bursts than this are the queues' matter, not the plan's. */
const windowMs = 60_000
const hourMs = 3_600_000

/**
 * Recorded requests as traffic: the busiest minute is the peak; of a day or more, the hours since its start make the day's
 * shape. Each request counts to the nearest centre, and a kind has the mean lengths of its own requests.
 */
export function trafficOfTrace(
  trace: RecordedRequests,
  centres: readonly Centre[],
): Pick<Traffic, 'demand' | 'mix' | 'day'> {
  const spanMs = Math.max(1, trace.atMs.at(-1) ?? 0)
  const busiest = largest(counts(trace, Math.min(windowMs, spanMs)))
  const day = spanMs >= 24 * hourMs ? byHour(trace) : Array.from({ length: 24 }, () => 1)
  return {
    demand: { kind: 'peak', requestsPerS: (1000 * busiest) / Math.min(windowMs, spanMs) },
    mix: mixOf(trace, centres),
    day: normalisedDay(day),
  }
}

/** Requests of each window from the start; the last, which may be cut off, counts with the one before. */
function counts({ atMs }: RecordedRequests, width: number): readonly number[] {
  const windows = Math.max(1, Math.floor((atMs.at(-1) ?? 0) / width))
  const found = Array.from({ length: windows }, () => 0)
  for (const at of atMs) {
    const window = Math.floor(at / width)
    if (window < windows) found[window] = (found[window] ?? 0) + 1
  }
  return found
}

/** Requests of each hour of the day since the start, over all whole days. */
function byHour(trace: RecordedRequests): readonly number[] {
  const day = Array.from({ length: 24 }, () => 0)
  const hours = counts(trace, hourMs)
  const whole = hours.length - (hours.length % 24)
  for (const [hour, count] of hours.slice(0, whole).entries()) day[hour % 24] = (day[hour % 24] ?? 0) + count
  return day
}

function mixOf(trace: RecordedRequests, centres: readonly Centre[]): readonly RequestClass[] {
  const sums = centres.map(() => ({ count: 0, input: 0, output: 0 }))
  const logs = centres.map(({ isl, osl }) => [Math.log(isl), Math.log(osl)] as const)
  for (let i = 0; i < trace.count; i++) {
    const [input, output] = [trace.inputTokens[i] ?? 1, trace.outputTokens[i] ?? 1]
    const [x, y] = [Math.log(input), Math.log(output)]
    const distances = logs.map(([a, b]) => (x - a) ** 2 + (y - b) ** 2)
    const sum = sums[distances.indexOf(smallest(distances))]
    if (sum === undefined) continue
    sum.count += 1
    sum.input += input
    sum.output += output
  }
  return sums.flatMap(({ count, input, output }, i) =>
    count === 0
      ? []
      : [
          {
            name: `near ${centres[i]?.name}`,
            share: count / trace.count,
            isl: input / count,
            osl: output / count,
          },
        ],
  )
}
