import type { LoadLevel } from '../../model/index.ts'
import type { PredictionRequest } from '../twin/predict.ts'
import { createPredictor } from '../twin/predict.ts'
import type { Twin } from '../twin/twin.ts'
import { quantilesOf, withoutTop } from './quantiles.ts'
import type { RequestClass } from './question.ts'
import { isSteady, type ResponseCurve, type ResponseStep } from './response.ts'

/** What a curve would be for requests of other lengths; null where nothing can tell. */
export type PredictCurve = (near: ResponseCurve, wanted: Pick<RequestClass, 'isl' | 'osl'>) => ResponseCurve | null

/** Requests that a prediction of one load takes at least: a p95 of fewer is a rough figure. */
const fewestRequests = 300

/**
 * Predicts by a twin, at the loads that the nearest workload was measured at; each point stands for the one measured
 * there.
 */
export function predictedCurves(twin: Twin): PredictCurve {
  const predict = createPredictor(twin)
  return (near, { isl, osl }) => {
    const steps = near.steps.map((step): ResponseStep => {
      const { deployment } = step.point
      const level: LoadLevel =
        near.kind === 'concurrency'
          ? { kind: 'concurrency', concurrency: step.load }
          : { kind: 'rate', requestsPerS: step.load, arrivals: { kind: 'poisson' } }
      const requests = Math.max(fewestRequests, near.kind === 'concurrency' ? 10 * step.load : 0)
      const request: PredictionRequest = {
        topology: deployment.topology,
        engine: deployment.engine,
        gpusPerWorker: deployment.gpusPerWorker,
        // The spread that was measured, around other means.
        workload: { isl: stretched(step.point.workload.isl, isl), osl: stretched(step.point.workload.osl, osl) },
        load: { level, requests },
      }
      const { simulation } = predict(request)
      const started = near.kind === 'concurrency' && !isSteady(simulation) ? step.load / requests : 0
      const of = (distribution: typeof simulation.ttftMs, share: number) => {
        const quantiles = distribution === null ? null : quantilesOf([distribution])
        return quantiles === null ? null : withoutTop(quantiles, share)
      }
      return {
        load: step.load,
        requestsPerS: simulation.requestsPerS,
        latencies: {
          ttftMs: of(simulation.ttftMs, started),
          itlMs: of(simulation.itlMs, 0),
          requestLatencyMs: of(simulation.requestLatencyMs, started),
        },
        point: step.point,
      }
    })
    return { kind: near.kind, steps }
  }
}

type Length = ResponseStep['point']['workload']['isl']

/** A length of the same shape with another mean. */
function stretched(length: Length, mean: number): Length {
  switch (length.kind) {
    case 'normal':
    case 'lognormal':
      return { ...length, mean, stddev: (length.stddev * mean) / length.mean }
    default:
      return { kind: 'fixed', tokens: Math.max(1, Math.round(mean)) }
  }
}
