import type { Slo } from '../../model/index.ts'
import type { Candidate, ClassCapacity } from './candidate.ts'
import { dayShapes } from './day-shape.ts'
import type { CapacityPoint } from './point.ts'
import { requestsFor, ttftError } from './precision.ts'
import type { CapacityQuestion } from './question.ts'
import { ttftRange } from './servable.ts'

/** A measured point used for the answer. */
export interface Evidence {
  readonly point: CapacityPoint
  /** Kinds of request for which it is used. */
  readonly requests: readonly string[]
  /**
   * `limit`: the capacity lies at or next to it. `heaviest`: it is the heaviest measured load, and the limit was not
   * reached. `curve`: it shapes predictions at lighter loads.
   */
  readonly use: 'limit' | 'heaviest' | 'curve'
}

/** The most important evidence comes first. */
const rank = { limit: 0, heaviest: 1, curve: 2 } as const

/** All measured points behind a candidate, those next to the SLO's limit first. */
export function evidenceOf({ classes }: Candidate): readonly Evidence[] {
  const found = new Map<string, { point: CapacityPoint; requests: Set<string>; use: Evidence['use'] }>()
  const add = (point: CapacityPoint, name: string, use: Evidence['use']) => {
    const known = found.get(point.key)
    found.set(point.key, {
      point,
      requests: (known?.requests ?? new Set<string>()).add(name),
      use: known !== undefined && rank[known.use] < rank[use] ? known.use : use,
    })
  }
  for (const { request, alone, steps } of classes) {
    for (const step of steps) add(step.point, request.name, 'curve')
    const use = alone.limit === 'heaviest load measured' ? 'heaviest' : 'limit'
    for (const step of alone.between) add(step.point, request.name, use)
  }
  return [...found.values()]
    .map(({ requests, ...rest }) => ({ ...rest, requests: [...requests] }))
    .toSorted((a, b) => rank[a.use] - rank[b.use])
}

/** Caveats of a candidate: everything in it that was not measured as it is used. Sentences. */
export function caveatsOf(candidate: Candidate, { traffic, fleet, slo }: CapacityQuestion): readonly string[] {
  const { classes, label, spare } = candidate
  const carried = classes.filter(one => one.carriedOver !== null)
  const open = classes.every(one => one.steps.every(step => step.point.load.level.kind === 'rate'))
  const held = classes.filter(one => one.alone.precision === null)
  const once = held.flatMap(one => one.alone.between).some(step => step.point.valid.length < 2)
  const lengths = classes.some(one => one.steps.some(({ point }) => point.workload.isl.kind === 'fixed'))
  return [
    ...(traffic.notes ?? []),
    ...carried.map(one => `EXTRAPOLATED. Requests ${one.request.name}: ${one.carriedOver}.`),
    ...classes.flatMap(one => beyondMeasured(one, label)),
    ...(classes.length > 1
      ? [
          'Each kind of request was measured alone. Their capacities are combined by time shares, which ignores how they affect each other.',
        ]
      : []),
    ...(open
      ? []
      : [
          `The points were measured with a fixed number of requests in flight (closed loop), and random arrivals are estimated from them. Confirm with an open loop: load: { request_rate: [${rate(candidate.requestsPerS * 0.9)}, ${rate(candidate.requestsPerS)}] }.`,
        ]),
    ...classes.flatMap(shortWindow),
    ...classes.flatMap(one => littleRoom(one, slo)),
    ...classes.flatMap(sharedPrefix),
    ...(lengths && !open
      ? [
          'Fixed lengths move in step in a closed loop, unlike random traffic. The capacity can look up to twice as high, especially on aggregated workers. Measure with lengths that vary, or with an open loop.',
        ]
      : []),
    ...(once
      ? [
          'The points that decide the capacity were measured once, so their uncertainty is unknown. Measure them with repeats: 3.',
        ]
      : []),
    ...(spare.nodesLost === 0 ? ['The plan has no spare node: losing one breaks the SLO.'] : []),
    ...(traffic.day === dayShapes.office || traffic.day === dayShapes.evening
      ? ['The shape of the day is an assumption, not a measurement.']
      : []),
    ...(fleet.gpuPricePerHour === null ? ['No GPU price was given: costs are in GPU-hours.'] : []),
  ]
}

function beyondMeasured({ alone, request, steps }: ClassCapacity, label: string): string[] {
  if (alone.limit !== 'heaviest load measured') return []
  const last = steps.at(-1)
  return [
    `${label} still meets the SLO at the heaviest load measured with ${request.name} (${last?.load}): it may serve more than this plan assumes.`,
  ]
}

/** Relative precision of an open loop's capacity above which the plan has a caveat. */
const precise = 0.05

function shortWindow({ alone, request }: ClassCapacity): string[] {
  const { precision, requestsPerS } = alone
  if (precision === null || precision.relative <= precise) return []
  const { chance, emptyStart, requests, windowS, relative } = precision
  const needed = requestsFor(precise)
  return [
    `The open loop with ${request.name} is too short for a capacity within 5%: ${counted(requests)} requests beside the limit (${counted(windowS)} s per window) leave ±${percent(relative)}, ${percent(chance)} by chance${emptyStart > 0.005 ? ` and ${percent(emptyStart)} because the window began empty` : ''}. It takes about ${counted(needed)} requests at each load: ${counted(Math.ceil(needed / requestsPerS / 10) * 10)} s (duration), or repeats of it.`,
  ]
}

/**
 * If a TTFT limit is below this multiple of the p95 of a request alone, it leaves little time to wait, and a small error
 * of that p95 changes the capacity a lot. Above it, capacities are within 10% (docs/bench/capacity.md).
 */
export const leastRoom = 2

function littleRoom({ steps, request, alone }: ClassCapacity, slo: Slo): string[] {
  const [lightest] = steps
  const p95 = lightest?.latencies.ttftMs?.[8]
  const { ttftP95Ms } = slo
  if (ttftP95Ms === undefined || lightest === undefined || p95 === undefined) return []
  if (alone.limit !== 'ttftMs' || ttftP95Ms >= leastRoom * p95) return []
  const room = `The TTFT limit is ${rate(ttftP95Ms / p95)} times what ${request.name} shows at its lightest load: this leaves little time for waiting, so a small error of that p95 changes the capacity a lot.`
  if (alone.precision !== null) return [room]
  const [low, high] = ttftRange({ kind: 'concurrency', steps }, slo)
  const error = percent(ttftError(lightest))
  const rates = [low, alone.requestsPerS, high].filter(value => value > 0).map(rate)
  return [
    `${room} The p95 is known to ±${error}, which leaves ${rate(low)} to ${rate(high)} requests/s per replica. An open loop decides: load: { request_rate: [${rates.join(', ')}] } with about ${counted(requestsFor(0.1))} requests each.`,
  ]
}

function sharedPrefix({ steps, request }: ClassCapacity): string[] {
  const { prefix } = steps[0]?.point.workload ?? {}
  if (prefix === undefined) return []
  return [
    `${request.name} was measured with ${Math.round(100 * prefix.share)}% of each prompt from ${prefix.count} shared prefixes: traffic that shares less costs more.`,
  ]
}

/** Rounded as in a sweep file. */
const rate = (value: number) => Number(value.toPrecision(3))
const counted = (value: number) => Math.round(value).toLocaleString('en-US')
const percent = (share: number) => `${Number((100 * share).toPrecision(2))}%`
