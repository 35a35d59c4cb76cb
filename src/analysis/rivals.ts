import type { Run } from '../journal/run.ts'
import { figures, perGpuThroughput } from '../metrics/figures/index.ts'
import type { Deployment, LoadLevel, Point, Slo, Workload } from '../model/index.ts'
import {
  canonicalJson,
  gpusOf,
  largest,
  meanTokens,
  rolesOf,
  smallest,
  topologyLabel,
  workersOf,
} from '../model/index.ts'
import { covers, kindOf } from './kin.ts'
import { loadLabel, loadValue } from './load-label.ts'
import { type Gap, measureAgain } from './measure-again.ts'
import { type MeasuredPoint, pointKey } from './measured-point.ts'
import type { Recommendation } from './recommend.ts'
import { worstSloRatio } from './slo.ts'

/** A point without a valid measurement that could replace the recommendation. */
export interface Rival {
  /** Ids of its repeats. */
  readonly ids: readonly string[]
  readonly label: string
  readonly load: LoadLevel
  readonly gap: Gap
  /** Why it has no valid measurement; empty if it was never measured. */
  readonly reason: string
  /** Upper bound of its output tokens/s per GPU; null if no measured point gives one. */
  readonly atMost: number | null
}

/** Points that could overturn a recommendation, strongest first, and the command that measures them. */
export interface Rivals {
  readonly points: readonly Rival[]
  /** Null without rivals, and if the run was not made from a sweep file. */
  readonly command: string | null
}

/** Tolerance for inferring one point from another: noise, and effects that scaling does not cover. */
const margin = 1.1

/** Assumed maximum speedup from other settings, GPUs or serving modes. */
const faster = 2

interface Candidate {
  readonly ids: readonly string[]
  readonly label: string
  readonly deployment: Deployment
  readonly workload: Workload
  readonly level: LoadLevel
  readonly slo: Slo
  readonly gap: Gap
  readonly reason: string
  /** Its own measured figures, if it has any that do not count. */
  readonly own: number | null
}

/**
 * Points of one workload without a valid measurement that could overturn its recommendation, because no measured point
 * rules them out. Two bounds rule a point out, each with 10% to spare:
 * - throughput: workers of a kind scale at most in proportion to their number, and a closed loop at most in proportion
 *   to its requests in flight. So a point's tokens/s are at most a measured point's, times the larger of the two ratios
 *   (at least 1 for workers). An open loop also yields no more than its request rate. Another kind of worker is assumed
 *   to give each request at most twice what it gets under no more load. Invalid figures can only raise a bound.
 * - SLO: if a deployment with no fewer workers of each role misses the SLO under no more load, this point misses it
 *   too.
 */
export function rivalsOf(
  recommendation: Recommendation,
  points: readonly MeasuredPoint[],
  unmeasured: readonly Point[],
  run: Run,
): Rivals {
  const valid = points.filter(({ status, y }) => status === 'ok' && y !== null)
  const found = [...withoutValid(points), ...neverMeasured(points, unmeasured)].flatMap(candidate => {
    const { best } = recommendation
    const atMost = mostThroughput(candidate, valid)
    if (best !== null) {
      if (missesSlo(candidate, valid, recommendation)) return []
      const wins = recommendation.basis === 'missed' || atMost === null || atMost > (best.y?.mean ?? 0)
      if (!wins) return []
    }
    const { ids, label, level, gap, reason } = candidate
    return [{ ids, label, load: level, gap, reason, atMost }]
  })
  const strength = ({ atMost }: Rival) => atMost ?? Number.POSITIVE_INFINITY
  // Two infinite strengths have no difference.
  const ranked = found.toSorted((a, b) => (strength(a) === strength(b) ? 0 : strength(b) > strength(a) ? 1 : -1))
  return {
    points: ranked,
    command:
      ranked.length === 0
        ? null
        : measureAgain(
            run,
            ranked.map(({ gap }) => gap),
          ),
  }
}

function withoutValid(points: readonly MeasuredPoint[]): readonly Candidate[] {
  return points.flatMap(({ status, repeats, label, deployment, workload, load, slo, reason }) =>
    status === 'ok'
      ? []
      : [
          {
            ids: repeats.map(({ point }) => point.id),
            label,
            deployment,
            workload,
            level: load.level,
            slo,
            gap: status,
            reason,
            own: ownThroughput(repeats),
          },
        ],
  )
}

/** Maximum throughput of the invalid repeats. */
function ownThroughput(repeats: MeasuredPoint['repeats']): number | null {
  const of = figures.find(({ name }) => name === perGpuThroughput)?.of
  const shown = repeats.flatMap(({ measurement, point }) => {
    const value = measurement === null ? null : (of?.(measurement, point.deployment) ?? null)
    return value === null ? [] : [value * gpusOf(point.deployment)]
  })
  return shown.length === 0 ? null : largest(shown)
}

/** Planned points of which no repeat has a result. */
function neverMeasured(points: readonly MeasuredPoint[], unmeasured: readonly Point[]): readonly Candidate[] {
  const known = new Set(points.map(({ key }) => key))
  const labels = new Map(points.map(({ deployment, label }) => [deployment.id, label]))
  return [...Map.groupBy(unmeasured, point => pointKey({ point }))].flatMap(([key, alike]) => {
    const [first] = alike
    if (first === undefined || known.has(key)) return []
    const { deployment, workload, load, slo } = first
    return [
      {
        ids: alike.map(({ id }) => id),
        label: labels.get(deployment.id) ?? topologyLabel(deployment.topology),
        deployment,
        workload,
        level: load.level,
        slo,
        gap: 'missing' as const,
        reason: '',
        own: null,
      },
    ]
  })
}

/** This load as a multiple of the other point's; null if their sizes cannot be compared. */
function loadRatio(level: LoadLevel, other: LoadLevel): number | null {
  if (level.kind !== other.kind) return null
  const [own, others] = [loadValue(level), loadValue(other)]
  if (own !== null && others !== null && others > 0) return own / others
  return canonicalJson(level) === canonicalJson(other) ? 1 : null
}

/** Upper bound of output tokens/s per GPU; null without a bound. */
function mostThroughput(
  { deployment, workload, level, own }: Candidate,
  valid: readonly MeasuredPoint[],
): number | null {
  const kind = kindOf(deployment)
  const bounds = valid.flatMap(other => {
    const loads = loadRatio(level, other.load.level)
    if (loads === null) return []
    if (kindOf(other.deployment) !== kind) return loads < 1 ? [] : [faster * (other.y?.mean ?? 0) * other.gpus * loads]
    const workers = rolesOf(deployment.topology).map(
      role => workersOf(deployment.topology, role) / workersOf(other.deployment.topology, role),
    )
    return [margin * (other.y?.mean ?? 0) * other.gpus * Math.max(1, loads, ...workers)]
  })
  const asked = level.kind === 'rate' ? [level.requestsPerS * meanTokens(workload.osl)] : []
  const least = smallest([...bounds, ...asked])
  return Number.isFinite(least) ? Math.max(least, own ?? 0) / gpusOf(deployment) : null
}

/**
 * Whether a measured point shows that the candidate cannot meet the SLO, or cannot come closer to it than the
 * recommended point.
 */
function missesSlo(
  { deployment, level }: Candidate,
  valid: readonly MeasuredPoint[],
  { basis, best }: Recommendation,
): boolean {
  const most = basis === 'missed' && best !== null ? Math.max(1, worstSloRatio(best)) : 1
  return valid.some(other => {
    const loads = loadRatio(level, other.load.level)
    return loads !== null && loads >= 1 && covers(other.deployment, deployment) && worstSloRatio(other) > margin * most
  })
}

/** Maximum rivals to name; the rest are counted. */
const mostTold = 3

/** Points that could overturn a recommendation, in sentences; empty if there are none. */
export function rivalLines({ points }: Rivals, { best }: Recommendation): readonly string[] {
  if (best === null) return []
  const told = points.slice(0, mostTold).map(({ label, load, gap, reason, atMost }) => {
    const why = { failed: `failed (${reason})`, invalid: `is invalid (${reason})`, missing: 'has not been measured' }[
      gap
    ]
    const much =
      atMost === null
        ? 'No measured point says how much it gives.'
        : `It could reach ${rounded(atMost)} tokens/s per GPU, compared with ${rounded(best.y?.mean ?? 0)}.`
    return `${label} at ${loadLabel(load)} could overturn this: it ${why}. ${much}`
  })
  const more = points.length - told.length
  return more === 0 ? told : [...told, `${more} more ${more === 1 ? 'point' : 'points'} could overturn this.`]
}

const rounded = (value: number) => (value >= 100 ? String(Math.round(value)) : value.toFixed(1))
