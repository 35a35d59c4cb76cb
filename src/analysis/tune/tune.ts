import type { Run } from '../../journal/run.ts'
import { type Analysis, unmeasuredOf, type WorkloadAnalysis } from '../analyse.ts'
import { loadValue } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { Recommendation } from '../recommend.ts'
import type { Rivals } from '../rivals.ts'
import type { ServingModes } from '../serving-modes.ts'
import type { VariantGain } from '../variants.ts'
import { type Beyond, beyond, shortLoad } from './beyond.ts'
import { type BottleneckFinding, bottleneckAt, type Reference } from './bottleneck.ts'
import { type Hardware, hardwareOf } from './hardware.ts'
import { adviceUnderSlo, adviceWhereMissed, adviceWithoutResult, type NextStep } from './next-step.ts'
import { matchRates, type RateMatching } from './rate-matching.ts'

/** Answer for one workload: recommended deployment, certainty and bottleneck. */
export interface Tuning {
  readonly workload: string
  readonly recommendation: Recommendation
  readonly rivals: Rivals
  /** Concurrency divided by the GPUs of the recommended point; null for an open loop, or without a valid point. */
  readonly concurrencyPerGpu: number | null
  readonly bottleneck: BottleneckFinding | null
  /** The bottleneck in a word or two: a stage, the SLO, or nothing shown; null without a valid point. */
  readonly heldBackBy: string | null
  readonly next: NextStep
  /** GPUs, energy and cost; null without a valid point. */
  readonly hardware: Hardware | null
  /** Aggregated against disaggregated serving at equal GPU counts. */
  readonly servingModes: readonly ServingModes[]
  /** Each variant against the first one in the sweep file. */
  readonly variants: readonly VariantGain[]
  /** Prefill's rate against decode's demand; empty if no two ratios were measured. */
  readonly rates: readonly RateMatching[]
}

/** Answers for every workload of an analyzed run. Pure. */
export function tune({ run, workloads }: Analysis): readonly Tuning[] {
  return workloads.map(workload => tuneWorkload(workload, run))
}

function tuneWorkload(analysed: WorkloadAnalysis, run: Run): Tuning {
  const { workload, name, points, recommendation, rivals, servingModes, variants } = analysed
  const { best, basis } = recommendation
  const unmeasured = unmeasuredOf(run, workload)
  const known = { run, points, unmeasured, recommendation }
  const answer = { workload: name, recommendation, rivals, servingModes, variants, rates: matchRates(points) }
  if (best === null)
    return {
      ...answer,
      concurrencyPerGpu: null,
      bottleneck: null,
      heldBackBy: null,
      next: adviceWithoutResult(known),
      hardware: null,
    }
  const { level } = best.load
  const concurrencyPerGpu = level.kind === 'concurrency' ? level.concurrency / best.gpus : null
  const heavier = beyond(best, points, { lines: run.lines, unmeasured })
  const bottleneck =
    basis === 'missed' ? bottleneckAt(best, referenceOf(best, points)) : bottleneckOf(best, points, heavier)
  const next = basis === 'missed' ? adviceWhereMissed(best, known) : adviceUnderSlo(best, known, bottleneck, heavier)
  const limitedBySlo = basis === 'missed' || heavier.kind === 'misses'
  const isOpen = bottleneck.stage === 'none shown' || bottleneck.stage === 'undecided'
  const shown = bottleneck.stage === 'none shown' ? 'nothing shown' : bottleneck.stage
  const heldBackBy = isOpen && limitedBySlo ? 'the SLO' : shown
  return { ...answer, concurrencyPerGpu, bottleneck, heldBackBy, next, hardware: hardwareOf(best, points) }
}

/** Bottleneck of the point; if it shows none, the objective missed at the next load of the same deployment. */
function bottleneckOf(best: MeasuredPoint, points: readonly MeasuredPoint[], heavier: Beyond): BottleneckFinding {
  const own = bottleneckAt(best, referenceOf(best, points))
  const { kind, point: next } = heavier
  const isTold = own.stage !== 'none shown' && own.stage !== 'undecided'
  if (isTold || kind !== 'misses' || next === null || next.deployment.id !== best.deployment.id) return own
  const there = bottleneckAt(next, referenceOf(next, points))
  if (there.stage === 'none shown' || there.stage === 'undecided') return own
  return { ...there, evidence: [`Seen at ${shortLoad(next.load.level)}, which misses the SLO.`, ...there.evidence] }
}

/** Reference points for a point among those of its workload. */
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
