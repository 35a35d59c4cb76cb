import type { JournalLine } from '../../journal/event.ts'
import { leftOutIn, leftOutReasons } from '../../journal/event.ts'
import type { LoadLevel, Point, Workload } from '../../model/index.ts'
import { canonicalJson } from '../../model/index.ts'
import { covers } from '../kin.ts'
import { loadValue } from '../load-label.ts'
import type { Gap } from '../measure-again.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { meetsSlo, objectives } from '../slo.ts'

/** Results at loads heavier than the recommended one. */
export interface Beyond {
  /**
   * `misses`: it misses an objective. `no gain`: it meets the SLO without more throughput. `no result`: it was planned
   * and has no valid measurement. `left out`: the search expected no gain. `not tried`: no heavier load was planned.
   */
  readonly kind: 'misses' | 'no gain' | 'no result' | 'left out' | 'not tried'
  /** Lightest valid point beyond the recommended load; null if there is none. */
  readonly point: MeasuredPoint | null
  /** Sentences with figures and units. */
  readonly evidence: readonly string[]
  /** Why the points between have no valid measurement. */
  readonly gaps: readonly Gap[]
}

/** Planned points of a run, in addition to its results. */
export interface Planned {
  readonly lines: readonly JournalLine[]
  readonly unmeasured: readonly Point[]
}

/**
 * Finds results beyond the load of a point: first at its own deployment, then at larger ones, which meet any SLO that
 * it would meet.
 */
export function beyond(point: MeasuredPoint, points: readonly MeasuredPoint[], planned: Planned): Beyond {
  const own = heavier(point, points).filter(other => other.deployment.id === point.deployment.id)
  const next = own.find(isValid) ?? null
  const before = next === null ? own : own.slice(0, own.indexOf(next))
  const unmeasured = plannedBeyond(point, planned.unmeasured, next)
  const gaps = [
    ...before.map(({ status }) => status).filter(status => status !== 'ok'),
    ...unmeasured.map(() => 'missing' as const),
  ]
  const noResult = [
    ...before.map(
      other =>
        `${shortLoad(other.load.level)} ${other.status === 'failed' ? 'failed' : 'is invalid'}: ${sentence(other.reason)}`,
    ),
    ...unmeasured.map(level => `${shortLoad(level)} was planned and has not been measured.`),
  ]
  if (next !== null) {
    const missed = meetsSlo(next) ? [] : [missText(next, point)]
    const said = missed.length > 0 ? missed : [noGainText(next, point)]
    return { kind: missed.length > 0 ? 'misses' : 'no gain', point: next, evidence: [...noResult, ...said], gaps }
  }
  const larger = heavier(point, points).find(
    other => isValid(other) && covers(other.deployment, point.deployment) && !meetsSlo(other),
  )
  if (larger !== undefined)
    return { kind: 'misses', point: larger, evidence: [...noResult, missText(larger, point)], gaps }
  if (noResult.length > 0) return { kind: 'no result', point: null, evidence: noResult, gaps }
  const left = leftOutBeyond(point, planned.lines)
  if (left !== null) return { kind: 'left out', point: null, evidence: [left], gaps: [] }
  return { kind: 'not tried', point: null, evidence: [], gaps: [] }
}

const isValid = (point: MeasuredPoint) => point.status === 'ok'
const load = (level: LoadLevel) => loadValue(level) ?? Number.NaN

/** Heavier points of the same kind of load, ascending. */
function heavier(point: MeasuredPoint, points: readonly MeasuredPoint[]): readonly MeasuredPoint[] {
  return points
    .filter(other => other.load.level.kind === point.load.level.kind && load(other.load.level) > load(point.load.level))
    .toSorted((a, b) => load(a.load.level) - load(b.load.level))
}

/** Planned heavier loads of the same deployment, up to the first valid one. */
function plannedBeyond(
  point: MeasuredPoint,
  unmeasured: readonly Point[],
  next: MeasuredPoint | null,
): readonly LoadLevel[] {
  const most = next === null ? Number.POSITIVE_INFINITY : load(next.load.level)
  const levels = unmeasured
    .filter(
      ({ deployment, workload, load: { level } }) =>
        deployment.id === point.deployment.id &&
        isSameWorkload(workload, point.workload) &&
        level.kind === point.load.level.kind &&
        load(level) > load(point.load.level) &&
        load(level) < most,
    )
    .map(({ load: { level } }) => level)
  return [...new Map(levels.map(level => [load(level), level])).values()].toSorted((a, b) => load(a) - load(b))
}

const isSameWorkload = (a: Workload, b: Workload) => canonicalJson(a) === canonicalJson(b)

function leftOutBeyond(point: MeasuredPoint, lines: readonly JournalLine[]): string | null {
  const found = leftOutIn(lines)
    .filter(({ deployment }) => deployment.id === point.deployment.id)
    .flatMap(({ points }) => points)
    .filter(
      ({ workload, reason, load: { level } }) =>
        reason !== 'repeat' &&
        isSameWorkload(workload, point.workload) &&
        level.kind === point.load.level.kind &&
        load(level) > load(point.load.level),
    )
    .toSorted((a, b) => load(a.load.level) - load(b.load.level))[0]
  return found === undefined
    ? null
    : `The search left ${shortLoad(found.load.level)} out: ${leftOutReasons[found.reason]}.`
}

/** Load level within a sentence: `c 24`, `12/s`. */
export function shortLoad(level: LoadLevel): string {
  switch (level.kind) {
    case 'concurrency':
      return `c ${level.concurrency}`
    case 'rate':
      return `${level.requestsPerS} requests/s`
    case 'stages':
      return 'the ramp'
    case 'trace':
      return `the trace at ${level.speed}×${level.users === undefined ? '' : ` with ${level.users} ${level.users === 1 ? 'user' : 'users'}`}`
  }
}

/** `c 24 misses itl_p95: 31 ms > 25 ms.`, preceded by the deployment if it is another one. */
function missText(missing: MeasuredPoint, point: MeasuredPoint): string {
  const where = missing.deployment.id === point.deployment.id ? '' : `${missing.label}, which has more workers, at `
  return `${where}${shortLoad(missing.load.level)} misses ${brokenObjectives(missing).join(', ')}.`
}

function noGainText(next: MeasuredPoint, point: MeasuredPoint): string {
  return `${shortLoad(next.load.level)} was measured and gives no more: ${figure(next.y?.mean)} against ${figure(point.y?.mean)} tokens/s per GPU.`
}

/** `itl_p95: 31 ms > 25 ms` for each objective that a point misses. */
export function brokenObjectives(point: MeasuredPoint): readonly string[] {
  return objectives(point)
    .filter(objective => !objective.met)
    .map(({ title, valueMs, limitMs }) =>
      valueMs === null ? `${title}: not measured` : `${title}: ${ms(valueMs, limitMs)} > ${limitMs} ms`,
    )
}

/** Uses as many digits as needed to distinguish the value from its limit. */
export function ms(value: number, limit: number): string {
  const coarse = value >= 10 ? 0 : 1
  const digits = [coarse, 1, 2, 3].find(places => Number(value.toFixed(places)) !== limit) ?? 3
  return `${value.toFixed(digits)} ms`
}

const figure = (value: number | undefined) =>
  value === undefined ? '–' : value >= 100 ? String(Math.round(value)) : value.toFixed(1)

/** Shortens a reason to one sentence with a period. */
function sentence(reason: string): string {
  const first = reason === '' ? 'no reason was given' : reason
  return /[.!?]$/.test(first) ? first : `${first}.`
}
