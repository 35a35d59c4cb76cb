import { answersAreOneToken } from '../metrics/definitions.ts'
import { ttfoAt } from '../metrics/reasoning.ts'
import type { Slo } from '../model/index.ts'
import type { MeasuredPoint } from './measured-point.ts'

/** One objective held against what was measured. */
export interface Objective {
  /** A {@link figures} name. */
  readonly figure: string
  readonly title: string
  readonly limitMs: number
  /** Mean over the valid repeats; null where it was not measured (which does not meet it). */
  readonly valueMs: number | null
  readonly met: boolean
  /**
   * The confidence interval (over repeats, else over the one run's requests) holds the limit: another measurement could
   * say otherwise.
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

/** Every objective of the point's SLO that its answers can be held against; empty without an SLO. */
export function objectives(point: MeasuredPoint): readonly Objective[] {
  // Answers of one token have no ITL to miss: what is left decides.
  const oneToken = point.valid.length > 0 && point.valid.every(answersAreOneToken)
  const applying = objectivesOf(point.slo).filter(({ metric }) => !(oneToken && metric === 'itlMs'))
  return applying.map(({ metric, ...objective }) => {
    // A repeat whose answers hardly ever came is not made up for by the others.
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

/** True as well when there is no SLO; false for a point without a valid measurement. */
export function meetsSlo(point: MeasuredPoint): boolean {
  return point.status === 'ok' && objectives(point).every(objective => objective.met)
}

/** How many times its limit the worst objective is; 0 without an SLO, infinite where nothing was measured. */
export function worstSloRatio(point: MeasuredPoint): number {
  return Math.max(
    0,
    ...objectives(point).map(o => (o.valueMs === null ? Number.POSITIVE_INFINITY : o.valueMs / o.limitMs)),
  )
}
