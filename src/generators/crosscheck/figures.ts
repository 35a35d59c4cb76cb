import { ratesOf } from '../../metrics/definitions.ts'
import type { Measurement } from '../../metrics/measurement.ts'

/** A figure for comparing generators. */
export interface Figure {
  readonly key: FigureKey
  readonly title: string
  readonly unit: 'ms' | '/s' | 'tokens'
  /** Whether its value depends on how tokens are counted. */
  readonly countsTokens: boolean
  readonly of: (measurement: Measurement) => number | null
}

/** Identifies a compared figure in readings and in a server's own record. */
export type FigureKey =
  | 'ttftMean'
  | 'ttftP50'
  | 'ttftP99'
  | 'itlMean'
  | 'latencyMean'
  | 'requestsPerS'
  | 'outputTokensPerS'
  | 'islMean'
  | 'oslMean'

/** Figures that every generator reports, in the order of tables. */
export const figures: readonly Figure[] = [
  figure('ttftMean', 'TTFT mean', 'ms', false, m => m.ttftMs?.mean ?? null),
  figure('ttftP50', 'TTFT p50', 'ms', false, m => m.ttftMs?.p50 ?? null),
  figure('ttftP99', 'TTFT p99', 'ms', false, m => m.ttftMs?.p99 ?? null),
  figure('itlMean', 'ITL mean', 'ms', true, m => m.itlMs?.mean ?? null),
  figure('latencyMean', 'request latency mean', 'ms', false, m => m.requestLatencyMs?.mean ?? null),
  figure('requestsPerS', 'request throughput', '/s', false, m => rateOf(m, 'requestsPerS')),
  figure('outputTokensPerS', 'output token throughput', '/s', true, m => rateOf(m, 'outputTokensPerS')),
  figure('islMean', 'ISL mean', 'tokens', true, m => m.isl?.mean ?? null),
  figure('oslMean', 'OSL mean', 'tokens', true, m => m.osl?.mean ?? null),
]

/** Without answers, there is nothing to compare. */
function rateOf(measurement: Measurement, rate: 'requestsPerS' | 'outputTokensPerS'): number | null {
  return measurement.requests.completed > 0 ? ratesOf(measurement)[rate] : null
}

function figure(key: FigureKey, title: string, unit: Figure['unit'], countsTokens: boolean, of: Figure['of']): Figure {
  return { key, title, unit, countsTokens, of }
}
