import { answersAreOneToken } from '../metrics/definitions.ts'
import { ttfoAt } from '../metrics/reasoning.ts'
import type { Slo } from '../model/index.ts'
import type { MeasuredPoint } from './measured-point.ts'

/** One objective compared with the measurement. */
export interface Objective {
  /** A {@link figures} name. */
  readonly figure: string
  readonly title: string
  readonly limitMs: number
  /** Mean over the valid repeats; null if not measured, which does not meet the objective. */
  readonly valueMs: number | null
  readonly met: boolean
  /**
   * Whether the confidence interval (over repeats, or over the single run's requests) includes the limit, so that
   * another measurement could reverse the result.
   */
  readonly close: boolean
}

const objectivesOf = (slo: Slo) =>
  (
    [
      { figure: 'ttft_p95_ms', metric: 'ttftMs', title: 'TTFT p95', limitMs: slo.ttftP95Ms },
      { figure: 'ttfo_p95_ms', metric: 'ttfoMs', title: 'TTFO p95', limitMs: slo.ttfoP95Ms },
      { figure: 'itl_p95_ms', metric: 'itlMs', title: 'ITL p95', limitMs: slo.itlP95Ms },
      {
        figure: 'request_latency_p95_ms',
        metric: 'requestLatencyMs',
        title: 'Request latency p95',
        limitMs: slo.requestLatencyP95Ms,
      },
    ] as const
  ).flatMap(({ limitMs, ...objective }) => (limitMs === undefined ? [] : [{ ...objective, limitMs }]))

/** `TTFT p95 2000 ms, ITL p95 25 ms`; `none` without objectives. */
export const sloText = (slo: Slo): string =>
  objectivesOf(slo)
    .map(({ title, limitMs }) => `${title} ${limitMs} ms`)
    .join(', ') || 'none'

/** Every objective of the point's SLO that applies to its answers; empty without an SLO. */
export function objectives(point: MeasuredPoint): readonly Objective[] {
  // Answers of one token have no ITL, so the remaining objectives decide.
  const oneToken = point.valid.length > 0 && point.valid.every(answersAreOneToken)
  const applying = objectivesOf(point.slo).filter(({ metric }) => !(oneToken && metric === 'itlMs'))
  return applying.map(({ metric, ...objective }) => {
    // Other repeats do not make up for one whose answers hardly ever came.
    const isKnown = metric !== 'ttfoMs' || point.valid.every(measurement => ttfoAt(measurement, 'p95') !== null)
    const estimate = isKnown ? (point.figures[objective.figure] ?? null) : null
    const ofOneRun = point.valid.length === 1 ? point.valid[0]?.intervals?.[metric]?.p95 : null
    const [low, high] = estimate?.ci95 ?? ofOneRun ?? [Number.NaN, Number.NaN]
    return {
      ...objective,
      valueMs: estimate?.mean ?? null,
      met: estimate !== null && estimate.mean <= objective.limitMs,
      close: low <= objective.limitMs && objective.limitMs <= high,
    }
  })
}

/** True without an SLO as well; false for a point without a valid measurement. */
export function meetsSlo(point: MeasuredPoint): boolean {
  return point.status === 'ok' && objectives(point).every(objective => objective.met)
}

/** Largest ratio of an objective's value to its limit; 0 without an SLO, infinite if nothing was measured. */
export function worstSloRatio(point: MeasuredPoint): number {
  return Math.max(
    0,
    ...objectives(point).map(o => (o.valueMs === null ? Number.POSITIVE_INFINITY : o.valueMs / o.limitMs)),
  )
}
