import type { LoadLevel } from '../../model/index.ts'
import type { PredictionRequest } from '../twin/predict.ts'
import { createPredictor } from '../twin/predict.ts'
import type { Twin } from '../twin/twin.ts'
import { quantilesOf, withoutTop } from './quantiles.ts'
import type { RequestClass } from './question.ts'
import { isSteady, type ResponseCurve, type ResponseStep } from './response.ts'

/** Predicts the curve for requests of other lengths; null if it cannot. */
export type PredictCurve = (near: ResponseCurve, wanted: Pick<RequestClass, 'isl' | 'osl'>) => ResponseCurve | null

/** Minimum requests for predicting one load: with fewer, a p95 is imprecise. */
const fewestRequests = 300

/**
 * Predicts with a twin at the loads measured for the nearest workload. Each predicted point replaces the measured one
 * at its load.
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
        // Keeps the measured spread and changes the means.
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

/** A length distribution of the same shape with another mean. */
function stretched(length: Length, mean: number): Length {
  switch (length.kind) {
    case 'normal':
    case 'lognormal':
      return { ...length, mean, stddev: (length.stddev * mean) / length.mean }
    default:
      return { kind: 'fixed', tokens: Math.max(1, Math.round(mean)) }
  }
}
