import { type Distribution, type Finding, type Measurement, unknownHealth } from '../../metrics/measurement.ts'
import type { AskedLoad } from './summary.ts'

/** Figures of another program's result in Fulcrum's units; null if the program does not report them. */
export interface ForeignFigures {
  readonly program: string
  readonly version: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly durationS: number | null
  readonly completed: number
  readonly isCompletedKnown?: false
  /** Null if the program does not count them. */
  readonly failed: number | null
  readonly errors?: Measurement['errors']
  readonly ttftMs: Distribution | null
  readonly ttstMs?: Distribution | null
  /** Time per output token after the first, by request. */
  readonly itlMs: Distribution | null
  readonly interChunkMs?: Distribution | null
  readonly requestLatencyMs: Distribution | null
  readonly isl: Distribution | null
  readonly osl: Distribution | null
  readonly requestsPerS: number | null
  readonly outputTokensPerS: number | null
  readonly inputTokensPerS: number | null
  readonly goodputPerS?: number | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly remarks?: readonly Finding[]
}

/** A measurement from another program's figures, of the whole run and with unknown client health. */
export function measurementOfForeign(figures: ForeignFigures, asked: AskedLoad): Measurement {
  const { completed, failed, isl, osl, itlMs, durationS } = figures
  const of = (got: number | null, wanted: number) => (got !== null && wanted > 0 ? (got - wanted) / wanted : null)
  return {
    generator: { name: figures.program, version: figures.version },
    startedAt: figures.startedAt,
    window: 'whole',
    durationS: durationS ?? 0,
    wallS: durationS ?? 0,
    requests: {
      sent: completed + (failed ?? 0),
      completed,
      failed: failed ?? 0,
      ...(failed === null ? { isFailedKnown: false } : {}),
      ...(figures.isCompletedKnown === false ? { isCompletedKnown: false } : {}),
    },
    errors: figures.errors ?? [],
    ttftMs: figures.ttftMs,
    ttstMs: figures.ttstMs ?? null,
    itlMs,
    interChunkMs: figures.interChunkMs ?? null,
    requestLatencyMs: figures.requestLatencyMs,
    fromSend: null,
    isl,
    osl,
    outputTokensPerSPerUser: itlMs === null ? null : speedsOf(itlMs),
    prefillTokensPerSPerUser: null,
    totals: { inputTokens: figures.inputTokens, outputTokens: figures.outputTokens, chunks: 0 },
    requestsPerS: figures.requestsPerS,
    outputTokensPerS: figures.outputTokensPerS,
    inputTokensPerS: figures.inputTokensPerS,
    goodputPerS: figures.goodputPerS ?? null,
    tokenSource: 'generator',
    steady: null,
    client: unknownHealth,
    deviation: { isl: of(isl?.mean ?? null, asked.isl), osl: of(osl?.mean ?? null, asked.osl) },
    remarks: [
      {
        severity: 'note',
        code: 'imported',
        message: `from ${figures.program}'s result: how busy its client was${failed === null ? ' and how many requests failed are' : ' is'} not known`,
      },
      ...(figures.remarks ?? []),
    ],
    files: [],
  }
}

/**
 * Decode speeds from times per token. If answers have equal lengths, 1000 divided by the mean is all tokens divided by
 * all decode time. A percentile's reciprocal is the opposite percentile of the reciprocals.
 */
function speedsOf(itlMs: Distribution): Distribution | null {
  if (!(itlMs.mean > 0)) return null
  const over = (ms: number | null) => (ms === null || !(ms > 0) ? null : 1000 / ms)
  return {
    count: itlMs.count,
    mean: 1000 / itlMs.mean,
    stddev: null,
    min: over(itlMs.max),
    p1: over(itlMs.p99),
    p5: over(itlMs.p95),
    p10: over(itlMs.p90),
    p25: over(itlMs.p75),
    p50: over(itlMs.p50),
    p75: over(itlMs.p25),
    p90: over(itlMs.p10),
    p95: over(itlMs.p5),
    p99: over(itlMs.p1),
    max: over(itlMs.min),
  }
}

type Statistic = Exclude<keyof Distribution, 'count'>

/**
 * A distribution from the values in a summary; null without a mean.
 * @param by factor for each value: 1000 for seconds
 */
export function partial(
  said: { readonly [statistic in Statistic]?: number | null | undefined },
  count: number,
  by = 1,
): Distribution | null {
  const of = (statistic: Statistic) => {
    const value = said[statistic]
    return value === null || value === undefined ? null : value * by
  }
  const mean = of('mean')
  if (mean === null) return null
  return {
    ...{ count, mean, stddev: of('stddev'), min: of('min') },
    ...{ p1: of('p1'), p5: of('p5'), p10: of('p10'), p25: of('p25'), p50: of('p50') },
    ...{ p75: of('p75'), p90: of('p90'), p95: of('p95'), p99: of('p99'), max: of('max') },
  }
}

/** A distribution of which only the mean is known. */
export const meanOnly = (mean: number | null, count: number): Distribution | null => partial({ mean }, count)

/** A length in whole tokens, for the name of a workload. */
export const tokens = (mean: number | null | undefined): number => Math.round(mean ?? 0)
