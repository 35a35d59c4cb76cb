import { analyse } from '../../src/analysis/analyse.ts'
import { responseCurve } from '../../src/analysis/capacity/response.ts'
import { type Servable, servable, ttftRange } from '../../src/analysis/capacity/servable.ts'
import { contentId, type LoadLevel, type Slo, type Topology, type Workload } from '../../src/model/index.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { aggregated, disaggregated, runOf, syntheticRun } from '../../test/render/synthetic-run.ts'
import { profile } from './truth.ts'

/** Deployments and closed loops of which capacities are told. */
export const topologies = [
  disaggregated(1, 1),
  disaggregated(2, 1),
  disaggregated(3, 1),
  disaggregated(1, 2),
  aggregated(1),
  aggregated(2),
]
export const concurrencies = [1, 2, 4, 8, 16, 32, 64, 128, 256]

/** One load and for how long. */
export interface Measured {
  readonly level: LoadLevel
  readonly requests?: number
  readonly durationS?: number
  readonly warmup: number
  readonly seed: number
  /** Number of prompts, which then have the lengths that the built-in generator draws. */
  readonly dataset?: number
}

/**
 * The points of one deployment and workload, each a shape of {@link syntheticRun} with what the simulation says in it.
 */
export function pointsOf(topology: Topology, workload: Workload, loads: readonly Measured[], slo: Slo) {
  const concurrencies = loads.map((_, i) => i + 1)
  const shape = syntheticRun({ topologies: [topology], workloads: [[1, 1]], concurrencies, slo })
  const results = shape.results.map((result, i) => {
    const own = loads[i]
    if (own === undefined) throw new RangeError('a point without a load')
    const load = { ...result.point.load, ...own }
    const point = { ...result.point, workload, load, id: contentId({ load, workload }) }
    return {
      ...result,
      point,
      measurement: simulate({ deployment: { topology, engine: {} }, workload, ...own }, profile),
    }
  })
  return analyse(runOf(results)).points
}

export type Points = ReturnType<typeof pointsOf>

/** What `fulcrum capacity` tells from these points; null when nothing meets the SLO. */
export function toldBy(points: Points, slo: Slo): Servable | null {
  const curve = responseCurve(points)
  return curve && servable(curve, slo)
}

/** Range of requests/s that {@link toldBy} leaves if a TTFT limit is near the TTFT of a request alone. */
export function rangeBy(points: Points, slo: Slo): readonly [low: number, high: number] | null {
  const curve = responseCurve(points)
  return curve && ttftRange(curve, slo)
}
