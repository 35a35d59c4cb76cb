import { ratesOf } from './definitions.ts'
import type { Measurement, WholeRun } from './measurement.ts'

/** A figure of a steady window, and the same figure of its whole run. */
export interface WholeRunFigure {
  /** A figure of the registry. */
  readonly name: string
  readonly title: string
  readonly unit: 'ms' | 'tokens/s'
  /** Null if not observed. */
  readonly steady: number | null
  readonly whole: number | null
}

/** Relative differences between a steady window and its whole run that are worth mentioning. */
const ttftDiffers = 0.1
const rateDiffers = 0.03

/** Figures of the steady window and of its whole run, which genai-perf and AIPerf measure; null without a whole run. */
export function wholeRunFigures(measurement: Measurement): readonly WholeRunFigure[] | null {
  const { whole, isl, osl } = measurement
  if (whole === undefined) return null
  const latency = (name: string, title: string, of: (run: WholeRun) => number | null | undefined): WholeRunFigure => ({
    name,
    title,
    unit: 'ms',
    steady: of(measurement) ?? null,
    whole: of(whole) ?? null,
  })
  return [
    latency('ttft_p50_ms', 'TTFT p50', run => run.ttftMs?.p50),
    latency('ttft_p95_ms', 'TTFT p95', run => run.ttftMs?.p95),
    latency('itl_p95_ms', 'ITL p95', run => run.itlMs?.p95),
    latency('request_latency_p95_ms', 'Request latency p95', run => run.requestLatencyMs?.p95),
    {
      name: 'output_tokens_per_s',
      title: 'Output tokens/s',
      unit: 'tokens/s',
      steady: ratesOf(measurement).outputTokensPerS,
      whole: ratesOf({ ...whole, isl, osl }).outputTokensPerS,
    },
  ]
}

/** The same if TTFT p95 or throughput of the whole run differs; null if neither does or this is unknown. */
export function wholeRunDiffers(measurement: Measurement): readonly WholeRunFigure[] | null {
  const figures = wholeRunFigures(measurement)
  const differs = (name: string, by: number) => {
    const change = relative(figures?.find(figure => figure.name === name))
    return change !== null && Math.abs(change) > by
  }
  return differs('ttft_p95_ms', ttftDiffers) || differs('output_tokens_per_s', rateDiffers) ? figures : null
}

/** Whole / steady − 1; null if one of them was not observed. */
export function relative(figure: Pick<WholeRunFigure, 'steady' | 'whole'> | undefined): number | null {
  if (figure === undefined || figure.steady === null || figure.whole === null || !(figure.steady > 0)) return null
  return figure.whole / figure.steady - 1
}
