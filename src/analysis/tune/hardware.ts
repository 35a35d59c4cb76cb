import { currencyOf, energyOfRole, meanOfGpus, priceBehind } from '../../metrics/figures/energy.ts'
import { gpuFindings } from '../../metrics/validity/gpus.ts'
import { type Role, rolesOf } from '../../model/index.ts'
import { type Difference, differenceOf, type Estimate, estimateOf } from '../estimate.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { meetsSlo } from '../slo.ts'

/** What GPUs, energy and money say of a workload's answer. */
export interface Hardware {
  /** What the GPUs of the recommended point say, and heat at other points: sentences. */
  readonly evidence: readonly string[]
  /** Energy of the recommended point; null where it was not measured. */
  readonly energy: PointEnergy | null
  /** The least cost per output token and the least energy, each under the rule of the recommendation. */
  readonly leasts: readonly Least[]
}

/** Where the energy of a point goes. */
export interface PointEnergy {
  /** J per output token. */
  readonly perOutputToken: Estimate
  /** J per request. */
  readonly perRequest: Estimate | null
  /** Mean power of all its GPUs, W. */
  readonly powerW: Estimate | null
  readonly tokensPerSPerMw: Estimate | null
  /** With hosts, network and PUE of `power`; null without that section. */
  readonly tokensPerSPerMwAllIn: Estimate | null
  /** By role, of its two pools; empty where nobody knows which GPU has which role. */
  readonly roles: readonly RoleEnergy[]
}

export interface RoleEnergy {
  readonly role: Role
  /** Of the energy of all roles, 0–1. */
  readonly share: number
  /** J per output token of the deployment. */
  readonly perOutputToken: number
  /** Mean of its GPUs, 0–1; null where unknown. */
  readonly utilization: number | null
}

/** The point of a workload that takes least of something. */
export interface Least {
  readonly of: 'cost' | 'energy'
  readonly point: MeasuredPoint
  readonly value: Estimate
  /** `EUR`, `units`; null for energy. */
  readonly currency: string | null
  /** The recommended point's value, and how this one differs from it; null where it is that point, or has none. */
  readonly against: { readonly value: Estimate; readonly difference: Difference } | null
  readonly isBest: boolean
  /** Points that come into question, and those of them without a value: they could be less still. */
  readonly candidates: number
  readonly unknown: number
  /** Why points can't be held against each other, in words; empty when they can. */
  readonly doubt: string
}

const costFigure = 'cost_per_million_output_tokens'
const energyFigure = 'energy_per_output_token_j'

/** Reads the GPUs, the energy and the money of a workload's points. */
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
  // Repeats say the same with other figures.
  return [...Map.groupBy(found, ({ code }) => code).values()].flatMap(([first]) =>
    first === undefined ? [] : [sentence(first.message)],
  )
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)

/** A throttled point isn't the best of its deployment, so it may be better than the recommended one. */
function throttledElsewhere(best: MeasuredPoint, valid: readonly MeasuredPoint[]): readonly string[] {
  const hot = valid.filter(
    point =>
      point.key !== best.key &&
      point.repeats.some(({ findings }) => findings.some(({ code }) => code === 'gpu-throttled')),
  )
  if (hot.length === 0) return []
  const labels = [...new Set(hot.map(({ label }) => label))]
  return [
    `Heat reduced the clock rates at ${hot.length} of the other ${valid.length - 1} points (${labels.join(', ')}): they can be faster than measured.`,
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
  // Half of a split is none.
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
