import { loadLabel } from '../../analysis/load-label.ts'
import type { MeasuredPoint } from '../../analysis/measured-point.ts'
import { rivalLines } from '../../analysis/rivals.ts'
import { objectives } from '../../analysis/slo.ts'
import type { BottleneckFinding } from '../../analysis/tune/bottleneck.ts'
import type { Hardware, Least } from '../../analysis/tune/hardware.ts'
import type { MixChoice, MixRecommendation } from '../../analysis/tune/mix.ts'
import type { NextStep } from '../../analysis/tune/next-step.ts'
import type { RateMatching, WorkerRate } from '../../analysis/tune/rate-matching.ts'
import type { Tuning } from '../../analysis/tune/tune.ts'
import type { VariantGain } from '../../analysis/variants.ts'
import type { EngineSettings } from '../../model/index.ts'
import { gpusOfRole, topologyLabel } from '../../model/index.ts'
import { hardwareLines } from './hardware-words.ts'
import type { ReportedLimit } from './limits.ts'
import { variantWords } from './recommendation-words.ts'

/** The answer of `fulcrum tune`. */
export interface TuneView {
  readonly folder: string
  /** Null without a mix. */
  readonly mix: MixView | null
  readonly workloads: readonly WorkloadView[]
  /** Best deployments according to the priors, shown beside the answer; empty without priors. */
  readonly believed: readonly Believed[]
  /** Results of the given limits and of the run's SLO. */
  readonly limits: readonly ReportedLimit[]
  /** How the run made for this answer ended; null if a run folder was given. */
  readonly outcome: { readonly outcome: string; readonly reason: string } | null
}

/** One measured deployment as `fulcrum tune` shows it. */
export interface TunedPoint {
  readonly deployment: string
  readonly engine: { readonly [role: string]: EngineSettings }
  readonly load: string
  readonly gpus: number
  /** GPUs of prefill to GPUs of decode; null if aggregated. */
  readonly prefillToDecodeGpus: readonly [prefill: number, decode: number] | null
  readonly tokensPerSPerGpu: { readonly mean: number; readonly ci95: readonly [number, number] | null }
  readonly tokensPerSPerUser: number | null
  readonly meetsSlo: boolean
}

/** The answer for one workload. */
export interface WorkloadView {
  readonly workload: string
  /** As in {@link Recommendation}: within the SLO, no SLO given, SLO missed by all, or nothing valid. */
  readonly basis: 'slo' | 'no-slo' | 'missed' | 'nothing'
  readonly best: (TunedPoint & { readonly concurrencyPerGpu: number | null }) | null
  readonly runnerUp:
    | (TunedPoint & { readonly lead: number; readonly verdict: 'shown' | 'not-shown' | 'unknown' })
    | null
  /** Aggregated against disaggregated serving on equal GPU counts; `gain` is that of disaggregated over aggregated. */
  readonly servingModes: readonly {
    readonly gpus: number
    readonly aggregated: TunedPoint
    readonly disaggregated: TunedPoint
    readonly gain: number
    readonly verdict: 'shown' | 'not-shown' | 'unknown'
  }[]
  /** Each variant against the first one of the sweep file; empty without variants. */
  readonly variants: readonly VariantView[]
  /** Prefill's rate against decode's demand; empty if no two ratios were measured. */
  readonly rates: readonly RatesView[]
  /** Its `next` is the advice of {@link WorkloadView.next}. */
  readonly bottleneck: Pick<BottleneckFinding, 'stage' | 'evidence' | 'next'> | null
  /** A stage, the SLO, or `nothing shown`; null without a valid point. */
  readonly heldBackBy: string | null
  /** The next step, the measurements that suggest it, and the command that measures points without a valid result. */
  readonly next: NextStep
  /**
   * Points without a valid measurement that could overturn the recommendation, in sentences, and the command that
   * measures them.
   */
  readonly couldOverturn: { readonly lines: readonly string[]; readonly command: string | null }
  readonly caveats: readonly string[]
  /** Energy of the best point in J per output token, total and by role; null if not measured. */
  readonly energy: {
    readonly perOutputTokenJ: number
    readonly byRole: { readonly [role: string]: { readonly perOutputTokenJ: number; readonly share: number } }
    readonly outputTokensPerSPerMw: number | null
    readonly outputTokensPerSPerMwAllIn: number | null
  } | null
  /** Point with the lowest cost or energy under the answer's rule; null if no point has the figure. */
  readonly cheapest: LeastView | null
  readonly mostTokensPerJoule: LeastView | null
  /** GPUs, energy and cost in sentences. */
  readonly hardware: readonly string[]
}

/** Point with the lowest value, and the value: cost per million output tokens, or J per output token. */
export interface LeastView {
  readonly point: TunedPoint
  readonly value: number
  /** ISO 4217 code, or `units`; null for energy. */
  readonly currency: string | null
  readonly isBest: boolean
}

/** Gain of a variant over the first one in the sweep file. */
export interface VariantView {
  readonly variant: string
  readonly base: string
  readonly best: TunedPoint
  readonly baseBest: TunedPoint
  /** Relative gain in output tokens/s per GPU, with its 95% interval if both were repeated. */
  readonly gain: number
  readonly gainCi95: readonly [number, number] | null
  readonly verdict: 'shown' | 'not-shown' | 'unknown'
  /** The gain in one sentence. */
  readonly text: string
}

/** Throughput of one worker of each role, and the prediction from it. */
export interface RatesView {
  readonly prefill: WorkerRateView
  readonly decode: WorkerRateView
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

/** Rate of one worker of a role. */
export interface WorkerRateView {
  readonly requestsPerS: number
  /** Input tokens of prefill, output tokens of decode. */
  readonly tokensPerS: number
  /** Deployment and load at which it was measured. */
  readonly seenAt: string
  readonly isLimit: boolean
}

/** One deployment for all workloads of the mix. */
export interface MixView {
  readonly shares: { readonly [workload: string]: number }
  readonly best: MixedPoint | null
  readonly runnerUp:
    | (MixedPoint & { readonly lead: number; readonly verdict: 'shown' | 'not-shown' | 'unknown' })
    | null
  readonly leftOut: readonly { readonly label: string; readonly why: string }[]
}

/** Best deployment of a workload according to priors. */
export interface Believed {
  readonly workload: string
  readonly deployment: string
  readonly load: string
  readonly source: string
  /** Value of the source itself, with its own deployment and lengths. */
  readonly tokensPerSPerGpu: number
}

/** A deployment's performance with the mix. */
export interface MixedPoint {
  readonly deployment: string
  readonly gpus: number
  readonly requestsPerS: number
  readonly tokensPerSPerGpu: { readonly mean: number; readonly ci95: readonly [number, number] | null }
  /** Load at which each workload's capacity was measured. */
  readonly loads: { readonly [workload: string]: string }
}

/** Converts a mix recommendation to plain data. */
export function mixView({ mix, best, runnerUp, leftOut }: MixRecommendation): MixView {
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

function ratesView({ prefill, decode, ratio, rows, best, advice }: RateMatching): RatesView {
  const worker = ({ requestsPerS, tokensPerS, point, isLimit }: WorkerRate): WorkerRateView => ({
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

/** Converts the answer for one workload to plain data. */
export function workloadView(tuning: Tuning): WorkloadView {
  const {
    workload,
    recommendation,
    rivals,
    servingModes,
    bottleneck,
    heldBackBy,
    next,
    concurrencyPerGpu,
    rates,
    variants,
    hardware,
  } = tuning
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
    variants: variants.map(variantView),
    rates: rates.map(ratesView),
    bottleneck:
      bottleneck === null ? null : { stage: bottleneck.stage, evidence: bottleneck.evidence, next: next.advice },
    heldBackBy,
    next,
    couldOverturn: { lines: rivalLines(rivals, recommendation), command: best === null ? null : rivals.command },
    caveats,
    energy: energyView(hardware),
    cheapest: leastView(hardware, 'cost'),
    mostTokensPerJoule: leastView(hardware, 'energy'),
    hardware: hardware === null ? [] : hardwareLines(hardware, basis),
  }
}

function energyView(hardware: Hardware | null): WorkloadView['energy'] {
  const energy = hardware?.energy ?? null
  if (energy === null) return null
  return {
    perOutputTokenJ: energy.perOutputToken.mean,
    byRole: Object.fromEntries(
      energy.roles.map(({ role, share, perOutputToken }) => [role, { perOutputTokenJ: perOutputToken, share }]),
    ),
    outputTokensPerSPerMw: energy.tokensPerSPerMw?.mean ?? null,
    outputTokensPerSPerMwAllIn: energy.tokensPerSPerMwAllIn?.mean ?? null,
  }
}

function leastView(hardware: Hardware | null, of: Least['of']): LeastView | null {
  const found = hardware?.leasts.find(least => least.of === of)
  if (found === undefined) return null
  return { point: tunedPoint(found.point), value: found.value.mean, currency: found.currency, isBest: found.isBest }
}

function variantView(row: VariantGain): VariantView {
  const { variant, base, best, baseBest, gain, gainCi95 } = row
  const [text = ''] = variantWords([row])
  return {
    ...{ variant, base, best: tunedPoint(best), baseBest: tunedPoint(baseBest) },
    ...{ gain: gain.relative, gainCi95, verdict: gain.verdict, text },
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
