import { followed, type JournalLine, type PointResult } from '../journal/index.ts'
import { interactivityOf, ratesOf } from '../metrics/definitions.ts'
import { ttfoAt } from '../metrics/reasoning.ts'
import type { Slo } from '../model/index.ts'
import type { Cell } from './cells.ts'

/** Means over the valid repeats of a cell. */
export interface Observation {
  readonly cell: Cell
  /** Output tokens/s per user. */
  readonly x: number
  /** Output tokens/s per GPU. */
  readonly y: number
  readonly itlS: number
  readonly ttftS: number
  readonly requestsPerS: number
  /** Output tokens per request. */
  readonly osl: number
  /** Seconds at the 95th percentile; null if not measured. */
  readonly p95: {
    readonly ttftS: number | null
    readonly ttfoS: number | null
    readonly itlS: number | null
    readonly latencyS: number | null
  }
  /**
   * Largest ratio of an objective's value to its limit. At most 1 meets the SLO; 0 without an SLO, infinite if not
   * measured.
   */
  readonly sloRatio: number
  readonly meetsSlo: boolean
}

/** All results of each point in order, by point id; the latest one counts. */
export type Results = ReadonlyMap<string, readonly PointResult[]>

/** Groups the results of a journal by point. Later calls with the same journal read only its new lines. */
export const resultsById: (lines: readonly JournalLine[]) => Results = followed<Map<string, PointResult[]>>(
  () => new Map(),
  (results, { event }) => {
    if (event.type !== 'point') return
    const { id } = event.result.point
    const earlier = results.get(id)
    if (earlier === undefined) results.set(id, [event.result])
    else earlier.push(event.result)
  },
)

/** Null if the cell has no valid result, or has no interactivity because it is not streamed. */
export function observe(cell: Cell, results: Results): Observation | null {
  const valid = cell.repeats.flatMap(point => {
    const result = results.get(point.id)?.at(-1)
    return result?.status === 'ok' && result.measurement !== null ? [result.measurement] : []
  })
  const mean = (of: (m: (typeof valid)[number]) => number | null | undefined): number | null => {
    const values = valid.map(of).filter(value => value !== null && value !== undefined)
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  }
  const x = mean(interactivityOf)
  const itlMs = mean(m => m.itlMs?.mean)
  const ttftMs = mean(m => m.ttftMs?.mean)
  const tokensPerS = mean(m => ratesOf(m).outputTokensPerS)
  const requestsPerS = mean(m => ratesOf(m).requestsPerS)
  if (x === null || itlMs === null || ttftMs === null || tokensPerS === null || requestsPerS === null) return null
  if (x <= 0 || itlMs <= 0 || requestsPerS <= 0) return null
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000)
  const p95 = {
    ttftS: seconds(mean(m => m.ttftMs?.p95)),
    ttfoS: seconds(mean(m => ttfoAt(m, 'p95'))),
    itlS: seconds(mean(m => m.itlMs?.p95)),
    latencyS: seconds(mean(m => m.requestLatencyMs?.p95)),
  }
  const sloRatio = sloRatioOf(cell.repeats[0]?.slo ?? {}, p95)
  return {
    cell,
    x,
    y: tokensPerS / cell.gpus,
    itlS: itlMs / 1000,
    ttftS: ttftMs / 1000,
    requestsPerS,
    osl: tokensPerS / requestsPerS,
    p95,
    sloRatio,
    meetsSlo: sloRatio <= 1,
  }
}

function sloRatioOf(slo: Slo, p95: Observation['p95']): number {
  return Math.max(
    over(p95.ttftS, slo.ttftP95Ms),
    over(p95.ttfoS, slo.ttfoP95Ms),
    over(p95.itlS, slo.itlP95Ms),
    over(p95.latencyS, slo.requestLatencyP95Ms),
  )
}

/** Ratio of a latency to its limit; 0 without a limit, infinite if not measured. */
export function over(seconds: number | null, limitMs: number | undefined): number {
  return limitMs === undefined ? 0 : ((seconds ?? Number.POSITIVE_INFINITY) * 1000) / limitMs
}
