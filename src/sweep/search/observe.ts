import type { JournalLine, PointResult } from '../../journal/index.ts'
import type { Slo } from '../../point/index.ts'
import type { Cell } from './cells.ts'

/** What valid repeats of a cell say, as means. */
export interface Observation {
  readonly cell: Cell
  /** Output tokens/s per user. */
  readonly x: number
  /** Output tokens/s per GPU. */
  readonly y: number
  readonly itlS: number
  readonly ttftS: number
  readonly requestsPerS: number
  /** Output tokens a request. */
  readonly osl: number
  /** How many times its limit the worst objective is; at most 1 meets the SLO, 0 without one, infinite where nothing was measured. */
  readonly overshoot: number
  readonly meetsSlo: boolean
}

/** The latest result of each point, by its id. */
export function resultsById(lines: readonly JournalLine[]): ReadonlyMap<string, PointResult> {
  return new Map(
    lines.flatMap(({ event }) => (event.type === 'point' ? [[event.result.point.id, event.result] as const] : [])),
  )
}

/** Null while nothing valid is known of the cell, or when it has no interactivity (not streamed). */
export function observe(cell: Cell, results: ReadonlyMap<string, PointResult>): Observation | null {
  const valid = cell.repeats.flatMap(point => {
    const result = results.get(point.id)
    return result?.status === 'ok' && result.measurement !== null ? [result.measurement] : []
  })
  const mean = (of: (m: (typeof valid)[number]) => number | null | undefined): number | null => {
    const values = valid.map(of).filter(value => value !== null && value !== undefined)
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  }
  const x = mean(m => m.outputTokensPerSPerUser?.mean)
  const itlMs = mean(m => m.itlMs?.mean)
  const ttftMs = mean(m => m.ttftMs?.mean)
  const tokensPerS = mean(m => m.outputTokensPerS)
  const requestsPerS = mean(m => m.requestsPerS)
  if (x === null || itlMs === null || ttftMs === null || tokensPerS === null || requestsPerS === null) return null
  if (x <= 0 || itlMs <= 0 || requestsPerS <= 0) return null
  const slo: Slo = cell.repeats[0]?.slo ?? {}
  const over = (value: number | null, limit: number | undefined) =>
    limit === undefined ? 0 : (value ?? Number.POSITIVE_INFINITY) / limit
  const p95 = (of: (m: (typeof valid)[number]) => number | undefined) => mean(of)
  const overshoot = Math.max(
    over(
      p95(m => m.ttftMs?.p95),
      slo.ttftP95Ms,
    ),
    over(
      p95(m => m.itlMs?.p95),
      slo.itlP95Ms,
    ),
    over(
      p95(m => m.requestLatencyMs?.p95),
      slo.requestLatencyP95Ms,
    ),
  )
  return {
    cell,
    x,
    y: tokensPerS / cell.gpus,
    itlS: itlMs / 1000,
    ttftS: ttftMs / 1000,
    requestsPerS,
    osl: tokensPerS / requestsPerS,
    overshoot,
    meetsSlo: overshoot <= 1,
  }
}
