import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { analyse } from '../analysis/analyse.ts'
import { loadLabel } from '../analysis/load-label.ts'
import type { MeasuredPoint } from '../analysis/measured-point.ts'
import { objectives } from '../analysis/slo.ts'
import type { BottleneckFinding } from '../analysis/tune/bottleneck.ts'
import { tune } from '../analysis/tune/tune.ts'
import { readRun } from '../journal/index.ts'
import type { EngineSettings } from '../point/index.ts'
import { gpusOfRole } from '../point/index.ts'
import { type ReportedOutcome, type RunWatch, runSweepFile } from './run.ts'

/** One measured deployment as `fulcrum tune` tells it. */
export interface TunedPoint {
  readonly deployment: string
  readonly engine: { readonly [role: string]: EngineSettings }
  readonly load: string
  readonly gpus: number
  /** GPUs of prefill to GPUs of decode; null when aggregated. */
  readonly prefillToDecodeGpus: readonly [prefill: number, decode: number] | null
  readonly tokensPerSPerGpu: { readonly mean: number; readonly ci95: readonly [number, number] | null }
  readonly tokensPerSPerUser: number | null
  readonly meetsSlo: boolean
}

/** The answer for one workload. */
export interface WorkloadAnswer {
  readonly workload: string
  /** As in {@link Recommendation}: under the SLO, without one, all missed it, or nothing valid. */
  readonly basis: 'slo' | 'no-slo' | 'missed' | 'nothing'
  readonly best: (TunedPoint & { readonly concurrencyPerGpu: number | null }) | null
  readonly runnerUp:
    | (TunedPoint & { readonly lead: number; readonly verdict: 'shown' | 'not-shown' | 'unknown' })
    | null
  /** Aggregated against disaggregated at equal GPU count; `gain` of disaggregated over aggregated. */
  readonly servingModes: readonly {
    readonly gpus: number
    readonly aggregated: TunedPoint
    readonly disaggregated: TunedPoint
    readonly gain: number
    readonly verdict: 'shown' | 'not-shown' | 'unknown'
  }[]
  readonly bottleneck: BottleneckFinding | null
  readonly caveats: readonly string[]
}

export interface TuneAnswer {
  readonly folder: string
  readonly workloads: readonly WorkloadAnswer[]
  /** The run that was made for this answer; null when a run folder was given. */
  readonly outcome: ReportedOutcome | null
}

/**
 * `fulcrum tune`: what to deploy, from a run's folder, or from a sweep file that is run first (an unfinished run of it goes on).
 * @throws FulcrumError (bad-input) for a file or folder that is neither; (environment) when it can't be run
 */
export async function tuneFileOrRun(
  request: RunWatch & { readonly target: string; readonly resultsRoot: string },
): Promise<TuneAnswer> {
  const { target, ...watch } = request
  const isFolder = await stat(target).then(
    found => found.isDirectory(),
    () => false,
  )
  const outcome = isFolder ? null : await runSweepFile({ ...watch, file: target, startNew: false })
  const folder = outcome?.folder ?? resolve(target)
  return { folder, workloads: tune(analyse(await readRun(folder))).map(answerOf), outcome }
}

function answerOf(tuning: ReturnType<typeof tune>[number]): WorkloadAnswer {
  const { workload, recommendation, servingModes, bottleneck, concurrencyPerGpu } = tuning
  const { basis, best, runnerUp, caveats } = recommendation
  return {
    workload,
    basis,
    best: best === null ? null : { ...tunedPoint(best), concurrencyPerGpu },
    runnerUp:
      runnerUp === null
        ? null
        : { ...tunedPoint(runnerUp.point), lead: runnerUp.lead.relative, verdict: runnerUp.lead.verdict },
    servingModes: servingModes.map(({ gpus, aggregated, disaggregated, gain }) => ({
      gpus,
      aggregated: tunedPoint(aggregated),
      disaggregated: tunedPoint(disaggregated),
      gain: gain.relative,
      verdict: gain.verdict,
    })),
    bottleneck,
    caveats,
  }
}

function tunedPoint(point: MeasuredPoint): TunedPoint {
  const { deployment, label, load, gpus, x, y } = point
  return {
    deployment: label,
    engine: deployment.engine,
    load: loadLabel(load.level),
    gpus,
    prefillToDecodeGpus:
      deployment.topology.kind === 'aggregated'
        ? null
        : [gpusOfRole(deployment, 'prefill'), gpusOfRole(deployment, 'decode')],
    tokensPerSPerGpu: { mean: y?.mean ?? 0, ci95: y?.ci95 ?? null },
    tokensPerSPerUser: x?.mean ?? null,
    meetsSlo: objectives(point).every(objective => objective.met),
  }
}
