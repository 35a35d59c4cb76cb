import type { PointResult } from '../journal/index.ts'
import { interactivityOf, ratesOf } from '../metrics/definitions.ts'
import type { FigureAtLook, Measurement } from '../metrics/measurement.ts'
import { ttfoAt } from '../metrics/reasoning.ts'
import type { IsBeaten } from '../metrics/stopping/stop.ts'
import { contentId, gpusOf, type Point, rememberedOf, type Slo, type Workload } from '../model/index.ts'

/** Lower bounds for a rival: output tokens/s per user and per GPU. */
interface Given {
  readonly perUser: number
  readonly perGpu: number
}

/**
 * Decides when a point being measured can no longer win: another point of its workload meets the SLO and has more
 * tokens/s both per user and per GPU than this one can reach. Intervals hold at all looks together, so any look may end
 * it.
 *
 * Missing the SLO alone ends nothing. Such a point may lie on the frontier, and the search predicts others from its
 * figures. One point that was stopped at its first look, before a load of equal requests had settled, hid a third of
 * the frontier.
 */
export function beatenBy(point: Point, results: readonly PointResult[]): IsBeaten {
  const workload = workloadId(point)
  const rivals = results.flatMap(({ status, measurement, point: other }): readonly Given[] => {
    if (status !== 'ok' || measurement === null || other.id === point.id || workloadId(other) !== workload) return []
    if (!meets(measurement, point.slo)) return []
    const perUser = lowest(measurement, 'output_tokens_per_s_per_user', interactivityOf(measurement))
    const perS = lowest(measurement, 'output_tokens_per_s', ratesOf(measurement).outputTokensPerS)
    const gpus = gpusOf(other.deployment)
    return perUser === null || perS === null || gpus === 0 ? [] : [{ perUser, perGpu: perS / gpus }]
  })
  const gpus = gpusOf(point.deployment)
  return figures => {
    const perUser = highest(figures, 'output_tokens_per_s_per_user')
    const perGpu = highest(figures, 'output_tokens_per_s') / gpus
    return rivals.some(rival => rival.perUser > perUser && rival.perGpu > perGpu)
  }
}

const workloadId = ({ workload }: Point): string => idOf(workload)

const idOf = rememberedOf(({ name: _, ...content }: Workload) => contentId(content))

function meets(measurement: Measurement, slo: Slo): boolean {
  const within = (value: number | null | undefined, limitMs: number | undefined) =>
    limitMs === undefined || (value !== undefined && value !== null && value <= limitMs)
  const { ttftMs, itlMs, requestLatencyMs } = measurement
  return (
    within(ttftMs?.p95, slo.ttftP95Ms) &&
    within(ttfoAt(measurement, 'p95'), slo.ttfoP95Ms) &&
    within(itlMs?.p95, slo.itlP95Ms) &&
    within(requestLatencyMs?.p95, slo.requestLatencyP95Ms)
  )
}

/** The lower bound if there is one, otherwise the figure. */
function lowest({ stopping }: Measurement, name: string, figure: number | null): number | null {
  return stopping?.figures.find(each => each.figure === name)?.low ?? figure
}

/** Infinite without a bound. */
function highest(figures: readonly FigureAtLook[], name: string): number {
  return figures.find(({ figure }) => figure === name)?.high ?? Number.POSITIVE_INFINITY
}
