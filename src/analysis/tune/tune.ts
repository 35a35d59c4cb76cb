import type { Analysis, WorkloadAnalysis } from '../analyse.ts'
import { loadValue } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { Recommendation } from '../recommend.ts'
import type { ServingModes } from '../serving-modes.ts'
import { type BottleneckFinding, bottleneckAt, type Reference } from './bottleneck.ts'
import { matchRates, type RateMatching } from './rate-matching.ts'

/** The answer for one workload: what to deploy, how sure that is, what holds it back. */
export interface Tuning {
  readonly workload: string
  readonly recommendation: Recommendation
  /** Concurrency over GPUs of the recommended point; null for an open loop, or without a valid point. */
  readonly concurrencyPerGpu: number | null
  readonly bottleneck: BottleneckFinding | null
  /** Aggregated against disaggregated at equal GPU counts. */
  readonly servingModes: readonly ServingModes[]
  /** Prefill's rate against decode's demand; empty where no two ratios were measured. */
  readonly rates: readonly RateMatching[]
}

/** Answers every workload of an analysed run. Pure. */
export function tune(analysis: Analysis): readonly Tuning[] {
  return analysis.workloads.map(tuneWorkload)
}

function tuneWorkload({ name, points, recommendation, servingModes }: WorkloadAnalysis): Tuning {
  const { best } = recommendation
  const level = best?.load.level
  return {
    workload: name,
    recommendation,
    concurrencyPerGpu: best !== null && level?.kind === 'concurrency' ? level.concurrency / best.gpus : null,
    bottleneck: best === null ? null : bottleneckAt(best, referenceOf(best, points)),
    servingModes,
    rates: matchRates(points),
  }
}

/** What a point is held against, among the points of its workload. */
export function referenceOf(point: MeasuredPoint, points: readonly MeasuredPoint[]): Reference {
  const comparable = points.filter(p => p.status === 'ok' && p.load.level.kind === point.load.level.kind)
  const own = lightestOf(comparable.filter(p => p.deployment.id === point.deployment.id))
  return {
    lightest: own?.key === point.key ? null : own,
    aggregated: lightestOf(comparable.filter(p => p.deployment.topology.kind === 'aggregated')),
  }
}

function lightestOf(points: readonly MeasuredPoint[]): MeasuredPoint | null {
  return points.toSorted((a, b) => (loadValue(a.load.level) ?? 0) - (loadValue(b.load.level) ?? 0))[0] ?? null
}
