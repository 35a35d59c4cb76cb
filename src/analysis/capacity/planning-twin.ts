import type { TraceRequests } from '../../simulator/request-source.ts'
import type { Twin } from '../twin/twin.ts'
import type { Candidate } from './candidate.ts'
import { type PredictCurve, predictedCurves } from './predicted-curve.ts'
import type { CapacityQuestion } from './question.ts'
import { type Replay, replayRecorded, replaySteady } from './replay.ts'

export { twinOfPlain } from '../twin/plain.ts'

/**
 * Uses a twin for planning: it predicts lengths that were not measured, and replays the answer with random traffic and
 * with recorded requests, if there are any.
 */
export function planningTwin(twin: Twin, trace: TraceRequests | null = null) {
  const predict: PredictCurve = predictedCurves(twin)
  return {
    predict,
    replays: (best: Candidate, { slo }: CapacityQuestion): readonly Replay[] => [
      replaySteady(twin, best, slo),
      ...(trace === null ? [] : [replayRecorded(twin, best, trace, slo)]),
    ],
  }
}
