import { currencyOf, energyOfRole, meanOfGpus, priceBehind } from '../../metrics/figures/energy.ts'
import { gpuFindings } from '../../metrics/validity/gpus.ts'
import { counted, type Role, rolesOf } from '../../model/index.ts'
import { type Difference, differenceOf, type Estimate, estimateOf } from '../estimate.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { meetsSlo } from '../slo.ts'

/** GPUs, energy and cost of a workload's answer. */
export interface Hardware {
  /** Sentences about the GPUs of the recommended point, and about overheating at other points. */
  readonly evidence: readonly string[]
  /** Energy of the recommended point; null if not measured. */
  readonly energy: PointEnergy | null
  /** Points with the lowest cost per output token and the lowest energy, each under the rule of the recommendation. */
  readonly leasts: readonly Least[]
}

/** Energy use of a point. */
export interface PointEnergy {
  /** J per output token. */
  readonly perOutputToken: Estimate
  /** J per request. */
  readonly perRequest: Estimate | null
  /** Mean power of all its GPUs, W. */
  readonly powerW: Estimate | null
  readonly tokensPerSPerMw: Estimate | null
  /** Includes hosts, network and the PUE of `power`; null without that section. */
  readonly tokensPerSPerMwAllIn: Estimate | null
  /** By role, for both pools; empty if the roles of GPUs are unknown. */
  readonly roles: readonly RoleEnergy[]
}

/** Energy use of one role of a deployment. */
export interface RoleEnergy {
  readonly role: Role
  /** Share of the energy of all roles, 0–1. */
  readonly share: number
  /** J per output token of the deployment. */
  readonly perOutputToken: number
  /** Mean of its GPUs, 0–1; null if unknown. */
  readonly utilization: number | null
}

/** The point of a workload with the lowest value of a figure. */
export interface Least {
  readonly of: 'cost' | 'energy'
  readonly point: MeasuredPoint
  readonly value: Estimate
  /** `EUR`, `units`; null for energy. */
  readonly currency: string | null
  /**
   * The recommended point's value and the difference from it; null if this is the recommended point, or if that has no
   * value.
   */
  readonly against: { readonly value: Estimate; readonly difference: Difference } | null
  readonly isBest: boolean
  /** Number of eligible points, and of those without a value, which could be lower. */
  readonly candidates: number
  readonly unknown: number
  /** Why the points cannot be compared; empty if they can. */
  readonly doubt: string
}

const costFigure = 'cost_per_million_output_tokens'
const energyFigure = 'energy_per_output_token_j'

/** Derives GPU use, energy and cost from a workload's points. */
export function hardwareOf(best: MeasuredPoint, points: readonly MeasuredPoint[]): Hardware {
  const valid = points.filter(point => point.status === 'ok')
  const meeting = valid.filter(meetsSlo)
  const candidates = meeting.length === 0 ? [] : meeting
  return {
    evidence: [...findingsOf(best), ...throttledElsewhere(best, valid)],
    energy: energyOf(best),
    leasts: (['cost', 'energy'] as const).flatMap(of => leastOf(of, best, candidates) ?? []),
  }
}

function findingsOf({ repeats }: MeasuredPoint): readonly string[] {
  const found = repeats
    .filter(({ status }) => status === 'ok')
    .flatMap(({ findings }) => findings.filter(({ code }) => gpuFindings.includes(code)))
  // Repeats have the same finding with different figures.
  return [...Map.groupBy(found, ({ code }) => code).values()].flatMap(([first]) =>
    first === undefined ? [] : [sentence(first.message)],
  )
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)

/** A throttled point is not the best of its deployment, but without throttling it might beat the recommended one. */
function throttledElsewhere(best: MeasuredPoint, valid: readonly MeasuredPoint[]): readonly string[] {
  const hot = valid.filter(
    point =>
      point.key !== best.key &&
      point.repeats.some(({ findings }) => findings.some(({ code }) => code === 'gpu-throttled')),
  )
  if (hot.length === 0) return []
  const labels = [...new Set(hot.map(({ label }) => label))]
  return [
    `Heat reduced the clock rates at ${hot.length} of the other ${counted(valid.length - 1, 'point')} (${labels.join(', ')}): they can be faster than measured.`,
  ]
}

function energyOf(point: MeasuredPoint): PointEnergy | null {
  const { figures } = point
  const perOutputToken = figures[energyFigure] ?? null
  if (perOutputToken === null) return null
  return {
    perOutputToken,
    perRequest: figures.energy_per_request_j ?? null,
    powerW: figures.gpu_power_mean_w ?? null,
    tokensPerSPerMw: figures.output_tokens_per_s_per_mw ?? null,
    tokensPerSPerMwAllIn: figures.output_tokens_per_s_per_mw_all_in ?? null,
    roles: rolesWith(point, perOutputToken.mean),
  }
}

function rolesWith({ deployment, valid }: MeasuredPoint, perOutputToken: number): readonly RoleEnergy[] {
  const roles = rolesOf(deployment.topology)
  if (roles.length < 2) return []
  const found = roles.flatMap(role => {
    const shares = valid.flatMap(m => {
      const [own, all] = [energyOfRole(m, role), m.gpus?.energyJ ?? null]
      return own === null || all === null || all <= 0 ? [] : [own / all]
    })
    const share = estimateOf(shares)?.mean
    if (share === undefined || shares.length < valid.length) return []
    const busy = estimateOf(valid.flatMap(m => meanOfGpus(m, ({ utilization }) => utilization, role) ?? []))
    return [{ role, share, perOutputToken: share * perOutputToken, utilization: busy?.mean ?? null }]
  })
  // An incomplete split is useless.
  return found.length < roles.length ? [] : found
}

function leastOf(of: Least['of'], best: MeasuredPoint, candidates: readonly MeasuredPoint[]): Least | null {
  const figure = of === 'cost' ? costFigure : energyFigure
  const known = candidates.flatMap(point => {
    const value = point.figures[figure] ?? null
    return value === null ? [] : [{ point, value }]
  })
  const [least] = known.toSorted((a, b) => a.value.mean - b.value.mean)
  if (least === undefined) return null
  const own = best.figures[figure] ?? null
  const isBest = least.point.key === best.key
  const measurements = known.flatMap(({ point }) => point.valid)
  const prices = new Set(measurements.map(m => priceBehind({ unit: 'per 1M tokens' }, m)))
  return {
    of,
    ...least,
    currency: of === 'cost' ? currencyOf(least.point.valid) : null,
    against: isBest || own === null ? null : { value: own, difference: differenceOf(least.value, own) },
    isBest,
    candidates: candidates.length,
    unknown: candidates.length - known.length,
    doubt: of === 'cost' && prices.size > 1 ? `the points have ${prices.size} prices (${[...prices].join('; ')})` : '',
  }
}
