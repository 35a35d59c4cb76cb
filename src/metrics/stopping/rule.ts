import { defined, type Slo } from '../../model/index.ts'
import type { FigureAtLook } from '../measurement.ts'
import { errorPerLook } from './boundaries.ts'
import type { Bounds, IntervalOptions } from './intervals.ts'
import { percentileBounds, rateBounds, ratioBounds } from './intervals.ts'
import { lookCounts } from './looks.ts'
import type { LoadSample } from './sample.ts'

/** When a measurement may stop. */
export interface StoppingRule {
  /** Measured requests before the first look, and their maximum. */
  readonly min: number
  readonly max: number
  /** Relative half-width below which a figure is precise, 0–1. */
  readonly precision: number
}

/** Targets that the intervals of figures are compared with. */
export interface Aim {
  readonly slo: Slo
  /** See {@link IntervalOptions}. */
  readonly round: number
  /** Requests/ms (conversations/ms) of an open loop; absent in a closed one. */
  readonly ratePerMs?: number
}

/** A number of measured requests after which the rule decides whether to continue. */
export interface Look {
  readonly requests: number
  /** Confidence of the intervals of this look alone, 0–1. */
  readonly confidence: number
}

/** Confidence of an interval over all looks together. */
const stoppingConfidence = 0.95

/**
 * The looks of a rule: {@link lookCounts}, each with the confidence at which the intervals of all looks hold together.
 * If `min` is above `max`, there is one look.
 */
export function looksOf({ min, max }: Pick<StoppingRule, 'min' | 'max'>): readonly Look[] {
  const counts = lookCounts(Math.min(min, max), max)
  const errors = errorPerLook(
    counts.map(count => count / max),
    1 - stoppingConfidence,
  )
  return counts.map((requests, index) => ({ requests, confidence: 1 - (errors[index] ?? 0) }))
}

/**
 * The deciding figures at one look: the objectives of the SLO (certainly met, certainly missed, or precise) and both
 * axes of the frontier (precise). Figures without values decide nothing. A load in which every request fails has none,
 * so it ends.
 */
export function figuresAtLook(
  sample: LoadSample,
  { slo, round, ratePerMs }: Aim,
  precision: number,
  confidence: number,
): readonly FigureAtLook[] {
  // Half of the precision is for blurring, half for the interval.
  const asked: IntervalOptions = { round, confidence, blur: precision / 2, isOpen: ratePerMs !== undefined }
  const objectives = [
    ['ttft_p95_ms', 'ttftMs', slo.ttftP95Ms],
    ['ttfo_p95_ms', 'ttfoMs', slo.ttfoP95Ms],
    ['itl_p95_ms', 'itlMs', slo.itlP95Ms],
    ['request_latency_p95_ms', 'requestLatencyMs', slo.requestLatencyP95Ms],
  ] as const
  return [
    ...objectives.flatMap(([figure, series, limitMs]) =>
      limitMs === undefined || sample[series].length === 0
        ? []
        : [figureOf(figure, percentileBounds(sample[series], 95, asked, sample.units?.[series]), precision, limitMs)],
    ),
    ...(sample.decodeMs.length === 0
      ? []
      : [
          figureOf(
            'output_tokens_per_s_per_user',
            perSecond(ratioBounds(sample.decodeTokens, sample.decodeMs, asked)),
            precision,
          ),
        ]),
    ...(sample.requestLatencyMs.length === 0
      ? []
      : [figureOf('output_tokens_per_s', perSecond(throughputBounds(sample, asked, ratePerMs)), precision)]),
  ]
}

/** Whether no figure is open any more. */
export function isSettled(figures: readonly FigureAtLook[]): boolean {
  return figures.every(({ state }) => state !== 'open')
}

/**
 * Throughput, from the scatter of the window's batches. Its certainty is at most that of tokens over latency. By
 * Little's law, these are throughput divided by the concurrency, and they reveal long answers that span many batches.
 *
 * The rate of an open loop is known; only the number of tokens per due request is not. The random number of arrivals in
 * this window is therefore excluded (indirect estimation: Glynn and Whitt 1989, "Indirect estimation via L = λW").
 */
function throughputBounds(sample: LoadSample, asked: IntervalOptions, ratePerMs?: number): Bounds | null {
  if (ratePerMs !== undefined) {
    const each = rateBounds(sample.deliveredTokens, sample.batchStarts, asked.confidence)
    const scaled = (value: number) => value * ratePerMs
    return each && { estimate: scaled(each.estimate), low: scaled(each.low), high: scaled(each.high) }
  }
  const rate = rateBounds(sample.deliveredTokens, sample.batchMs, asked.confidence)
  const little = ratioBounds(sample.outputTokens, sample.heldMs, asked)
  if (rate === null || little === null || asked.round === 1) return asked.round === 1 ? rate : null
  const half = Math.max(rate.high - rate.estimate, ((little.high - little.estimate) / little.estimate) * rate.estimate)
  return { estimate: rate.estimate, low: rate.estimate - half, high: rate.estimate + half }
}

function perSecond(perMs: Bounds | null): Bounds | null {
  return perMs === null ? null : { estimate: perMs.estimate * 1000, low: perMs.low * 1000, high: perMs.high * 1000 }
}

function figureOf(figure: string, bounds: Bounds | null, precision: number, limitMs?: number): FigureAtLook {
  const finite = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? null : value)
  return {
    figure,
    estimate: bounds?.estimate ?? null,
    low: finite(bounds?.low),
    high: finite(bounds?.high),
    ...defined({ limitMs }),
    state: stateOf(bounds, precision, limitMs),
  }
}

function stateOf(bounds: Bounds | null, precision: number, limitMs?: number): FigureAtLook['state'] {
  if (bounds === null) return 'open'
  if (limitMs !== undefined && bounds.high <= limitMs) return 'met'
  if (limitMs !== undefined && bounds.low > limitMs) return 'missed'
  return (bounds.high - bounds.low) / 2 <= precision * Math.abs(bounds.estimate) ? 'precise' : 'open'
}
