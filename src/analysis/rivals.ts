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

/** A point without a valid measurement that could take the recommendation's place. */
export interface Rival {
  /** Ids of its repeats. */
  readonly ids: readonly string[]
  readonly label: string
  readonly load: LoadLevel
  readonly gap: Gap
  /** Why it has none; empty where it was never measured. */
  readonly reason: string
  /** Output tokens/s per GPU that it may give at most; null where no measured point says. */
  readonly atMost: number | null
}

/** Points that could overturn a recommendation, the strongest first, and what measures them. */
export interface Rivals {
  readonly points: readonly Rival[]
  /** Null without rivals, and for a run that was not made from a sweep file. */
  readonly command: string | null
}

/**
 * What measured points say of another may be off by this share: noise, and what their order of size does not decide.
 */
const margin = 1.1

/** Other settings, GPUs or another serving mode are taken to answer at most so many times as fast. */
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
  /** Its own figures, where it has some that don't count. */
  readonly own: number | null
}

/**
 * Points of one workload without a valid measurement that could overturn its recommendation: no measured point rules
 * them out. Two bounds do, each with 10% to spare:
 * - throughput: workers of a kind give at most in proportion to their number, and a closed loop at most in proportion
 *   to its requests in flight. So a point gives at most a measured one's tokens/s × the larger of the two ratios (at
 *   least 1 for workers). An open loop also gives no more than was asked of it. Of another kind of worker, twice what a
 *   request gets under no more load is taken as the most. Figures that are invalid only ever raise a bound.
 * - SLO: a deployment with no fewer workers of each role that misses the SLO under no more load says that this one
 *   misses it too.
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
  // Infinite strengths have no difference.
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

/** The most that invalid repeats show. */
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

/** How many times the load of another point; null where they can't be told apart by size. */
function loadRatio(level: LoadLevel, other: LoadLevel): number | null {
  if (level.kind !== other.kind) return null
  const [own, others] = [loadValue(level), loadValue(other)]
  if (own !== null && others !== null && others > 0) return own / others
  return canonicalJson(level) === canonicalJson(other) ? 1 : null
}

/** Output tokens/s per GPU at most; null where nothing bounds them. */
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
 * Whether a measured point shows that the candidate can't meet the SLO, or come nearer to it than what is recommended.
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

/** Rivals that a person is told of; the rest are counted. */
const mostTold = 3

/** What could overturn a recommendation, in sentences; empty where nothing could. */
export function rivalLines({ points }: Rivals, { best }: Recommendation): readonly string[] {
  if (best === null) return []
  const told = points.slice(0, mostTold).map(({ label, load, gap, reason, atMost }) => {
    const why = { failed: `failed (${reason})`, invalid: `is invalid (${reason})`, missing: 'has not been measured' }[
      gap
    ]
    const much =
      atMost === null
        ? 'No measured point says how much it gives.'
        : `It may give up to ${rounded(atMost)} tokens/s per GPU, against ${rounded(best.y?.mean ?? 0)}.`
    return `${label} at ${loadLabel(load)} could overturn this: it ${why}. ${much}`
  })
  const more = points.length - told.length
  return more === 0 ? told : [...told, `${more} more ${more === 1 ? 'point' : 'points'} could overturn this.`]
}

const rounded = (value: number) => (value >= 100 ? String(Math.round(value)) : value.toFixed(1))
