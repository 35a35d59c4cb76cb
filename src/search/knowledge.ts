import { normalProbability } from '../metrics/statistics/normal.ts'
import type { Observation } from './observe.ts'
import { type Plane, planeOf } from './plane.ts'
import { type Predicted, type Predictor, predictor } from './predict.ts'

/** Results and predictions for one workload. */
export interface Knowledge {
  readonly seen: readonly Observation[]
  readonly plane: Plane
  readonly predict: Predictor
  /** Current recommendation: the most tokens/s per GPU within the SLO, or the point closest to the SLO. */
  readonly best: Observation | null
}

/** Derives predictions and the current best from the observations of one workload. */
export function knowledgeOf(seen: readonly Observation[]): Knowledge {
  return { seen, plane: planeOf(seen), predict: predictor(seen), best: bestOf(seen) }
}

/** The observation that would be recommended; null without any. */
export function bestOf(seen: readonly Observation[]): Observation | null {
  const meeting = seen.filter(o => o.meetsSlo)
  if (meeting.length > 0) return meeting.reduce((a, b) => (b.y > a.y ? b : a))
  return seen.length === 0 ? null : seen.reduce((a, b) => (b.sloRatio < a.sloRatio ? b : a))
}

/** Least chance of meeting the SLO that counts: the tails of a prediction say nothing, however much a cell would gain. */
const plausible = 0.05

/** Expected improvement of the recommendation by a cell, relative to the best so far; 0 if it cannot improve it. */
export function expectedGain({ best }: Knowledge, predicted: Predicted): number {
  if (best === null) return 1
  const { sloRatio } = predicted
  if (!best.meetsSlo) {
    // Where the SLO is out of reach, only means count: the best of many equal cells is the luckiest of them, and by the
    // lower end of its prediction each other one would promise more.
    if (sloRatio.mean - sloRatio.deviation <= 0) return 1
    return Math.max(0, 1 - Math.exp(sloRatio.mean) / best.sloRatio)
  }
  const gain = predicted.y / best.y - 1
  if (gain <= 0) return 0
  const { mean } = sloRatio
  if (mean === Number.NEGATIVE_INFINITY) return gain
  const chance = normalProbability(-mean / Math.max(sloRatio.deviation, 1e-6))
  return chance < plausible ? 0 : gain * chance
}
