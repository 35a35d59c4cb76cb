import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Analysis, analyse } from '../analysis/analyse.ts'
import { loadLabel } from '../analysis/load-label.ts'
import type { MeasuredPoint } from '../analysis/measured-point.ts'
import { priorOrder } from '../analysis/priors/prior-order.ts'
import { objectives } from '../analysis/slo.ts'
import type { BottleneckFinding } from '../analysis/tune/bottleneck.ts'
import type { MixChoice, MixRecommendation } from '../analysis/tune/mix.ts'
import { recommendForMix } from '../analysis/tune/mix.ts'
import type { RateMatching, WorkerRate } from '../analysis/tune/rate-matching.ts'
import { tune } from '../analysis/tune/tune.ts'
import { readRun } from '../journal/index.ts'
import type { EngineSettings } from '../point/index.ts'
import { FulcrumError, gpusOfRole, topologyLabel } from '../point/index.ts'
import { nearMiss } from '../sweep/file/near-miss.ts'
import { parseMix } from './mix-flag.ts'
import { readPriors } from './priors.ts'
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
  /** Prefill's rate against decode's demand; empty where no two ratios were measured. */
  readonly rates: readonly RatesAnswer[]
  readonly bottleneck: BottleneckFinding | null
  readonly caveats: readonly string[]
}

/** What one worker of each role does alone, and what that predicts. */
export interface RatesAnswer {
  readonly prefill: WorkerRateAnswer
  readonly decode: WorkerRateAnswer
  /** Prefill workers for each decode worker. */
  readonly ratio: number
  readonly best: { readonly topology: string; readonly requestsPerSPerGpu: number; readonly isMeasured: boolean }
  readonly rows: readonly {
    readonly deployment: string
    readonly predictedRequestsPerS: number
    readonly measuredRequestsPerS: number
    /** (measured − predicted) / predicted. */
    readonly apart: number
    readonly parts: boolean
    readonly limit: 'prefill' | 'decode'
  }[]
  readonly advice: string | null
}

export interface WorkerRateAnswer {
  readonly requestsPerS: number
  /** Input tokens of prefill, output tokens of decode. */
  readonly tokensPerS: number
  /** Deployment and load at which it was seen. */
  readonly seenAt: string
  readonly isLimit: boolean
}

/** One deployment for all workloads of the mix. */
export interface MixAnswer {
  readonly shares: { readonly [workload: string]: number }
  readonly best: MixedPoint | null
  readonly runnerUp:
    | (MixedPoint & { readonly lead: number; readonly verdict: 'shown' | 'not-shown' | 'unknown' })
    | null
  readonly leftOut: readonly { readonly label: string; readonly why: string }[]
}

export interface Believed {
  readonly workload: string
  readonly deployment: string
  readonly load: string
  readonly source: string
  /** Of the source itself, for its own deployment and lengths. */
  readonly tokensPerSPerGpu: number
}

export interface MixedPoint {
  readonly deployment: string
  readonly gpus: number
  readonly requestsPerS: number
  readonly tokensPerSPerGpu: { readonly mean: number; readonly ci95: readonly [number, number] | null }
  /** The load of each workload that its capacity was taken at. */
  readonly loads: { readonly [workload: string]: string }
}

export interface TuneAnswer {
  readonly folder: string
  /** Null without a mix. */
  readonly mix: MixAnswer | null
  readonly workloads: readonly WorkloadAnswer[]
  /** What the priors held to be best of each workload, beside the answer; empty without priors. */
  readonly believed: readonly Believed[]
  /** The run that was made for this answer; null when a run folder was given. */
  readonly outcome: ReportedOutcome | null
}

/**
 * `fulcrum tune`: what to deploy, from a run's folder, or from a sweep file that is run first (an unfinished run of it goes on).
 * @throws FulcrumError (bad-input) for a file or folder that is neither; (environment) when it can't be run
 */
export async function tuneFileOrRun(
  request: RunWatch & {
    readonly target: string
    readonly resultsRoot: string
    /** `8000/256=0.7,1000/1000=0.3`; goes before the sweep file's. */
    readonly mix?: string
    /** Folders of beliefs that an adaptive search begins with: aiconfigurator's, a run, a folder of runs. */
    readonly priors?: readonly string[]
  },
): Promise<TuneAnswer> {
  const { target, mix: mixText, ...watch } = request
  const weights = mixText === undefined ? null : parseMix(mixText)
  const isFolder = await stat(target).then(
    found => found.isDirectory(),
    () => false,
  )
  const outcome = isFolder ? null : await runSweepFile({ ...watch, file: target, startNew: false })
  const folder = outcome?.folder ?? resolve(target)
  const analysis = analyse(await readRun(folder))
  const names = analysis.workloads.map(({ name }) => name)
  const mix = weights === null ? analysis.mix : recommendForMix(analysis.workloads, sharesOf(weights, names))
  return {
    folder,
    mix: mix && mixAnswer(mix),
    workloads: tune(analysis).map(answerOf),
    believed: await believedOf(analysis, request.priors ?? []),
    outcome,
  }
}

async function believedOf(analysis: Analysis, folders: readonly string[]): Promise<readonly Believed[]> {
  const priors = await readPriors(folders, analysis.points[0]?.deployment.model.name ?? '')
  if (priors.length === 0) return []
  return analysis.workloads.flatMap(({ name, points }) => {
    const measured = points.flatMap(({ repeats }) => repeats.slice(0, 1).map(({ point }) => point))
    const [top] = priorOrder(measured, priors)
    if (top === undefined || top.prior === null) return []
    const { deployment, load } = top.point
    return [
      {
        workload: name,
        deployment: topologyLabel(deployment.topology),
        load: loadLabel(load.level),
        source: top.prior.source,
        tokensPerSPerGpu: top.prior.tokensPerSPerGpu,
      },
    ]
  })
}

function sharesOf(weights: ReadonlyMap<string, number>, names: readonly string[]): { [workload: string]: number } {
  const strange = [...weights.keys()].find(name => !names.includes(name))
  if (strange !== undefined) {
    const near = nearMiss(strange, names)
    throw new FulcrumError('bad-input', 'bad-mix', `--mix: the run has no workload ${JSON.stringify(strange)}.`, {
      remedy: near === null ? `It has ${names.join(', ')}.` : `Perhaps meant: ${near}.`,
    })
  }
  const all = [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  return Object.fromEntries([...weights].map(([name, weight]) => [name, weight / all]))
}

function mixAnswer({ mix, best, runnerUp, leftOut }: MixRecommendation): MixAnswer {
  return {
    shares: mix,
    best: best && mixedPoint(best),
    runnerUp:
      runnerUp === null
        ? null
        : { ...mixedPoint(runnerUp.choice), lead: runnerUp.lead.relative, verdict: runnerUp.lead.verdict },
    leftOut,
  }
}

function mixedPoint({ label, gpus, parts, requestsPerS, tokensPerSPerGpu }: MixChoice): MixedPoint {
  return {
    deployment: label,
    gpus,
    requestsPerS: requestsPerS.mean,
    tokensPerSPerGpu: { mean: tokensPerSPerGpu.mean, ci95: tokensPerSPerGpu.ci95 },
    loads: Object.fromEntries(parts.map(({ workload, point }) => [workload, loadLabel(point.load.level)])),
  }
}

function ratesAnswer({ prefill, decode, ratio, rows, best, advice }: RateMatching): RatesAnswer {
  const worker = ({ requestsPerS, tokensPerS, point, isLimit }: WorkerRate): WorkerRateAnswer => ({
    requestsPerS,
    tokensPerS,
    seenAt: `${point.label} at ${loadLabel(point.load.level)}`,
    isLimit,
  })
  return {
    prefill: worker(prefill),
    decode: worker(decode),
    ratio,
    best: { ...best, topology: topologyLabel(best.topology) },
    rows: rows.map(({ label, predicted, measured, apart, parts, limit }) => ({
      deployment: label,
      predictedRequestsPerS: predicted,
      measuredRequestsPerS: measured,
      apart,
      parts,
      limit,
    })),
    advice,
  }
}

function answerOf(tuning: ReturnType<typeof tune>[number]): WorkloadAnswer {
  const { workload, recommendation, servingModes, bottleneck, concurrencyPerGpu, rates } = tuning
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
    rates: rates.map(ratesAnswer),
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
