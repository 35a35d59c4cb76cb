import type { Load, Slo } from '../../model/index.ts'
import type { FigureAtLook, Stopping } from '../measurement.ts'
import type { RequestRecords } from '../records.ts'
import { phaseCode, pickRequests } from '../records.ts'
import type { Look } from './rule.ts'
import { figuresAtLook, isSettled, looksOf } from './rule.ts'
import { sampleOf } from './sample.ts'

/** Whether a point can't win any more, by what is sure of it. */
export type IsBeaten = (figures: readonly FigureAtLook[]) => boolean

/** All that decides when a load ends. */
export interface StopRule {
  readonly looks: readonly Look[]
  /** Requests of the warm-up. */
  readonly before: number
  readonly round: number
  readonly precision: number
  readonly slo: Slo
  readonly isBeaten: IsBeaten
}

const never: IsBeaten = () => false

/** The rule of a closed loop with `requests: auto`; null for any other load. */
export function stopRuleOf(
  { level, auto, requests, warmup }: Pick<Load, 'level' | 'auto' | 'requests' | 'warmup'>,
  slo: Slo,
  isBeaten = never,
): StopRule | null {
  if (auto === undefined || requests === undefined || level.kind !== 'concurrency') return null
  const looks = looksOf({ min: auto.min, max: requests })
  return { looks, before: warmup, round: level.concurrency, precision: auto.precision, slo, isBeaten }
}

/** What one look says: whether to stop at it, and why. */
export interface LookResult {
  readonly figures: readonly FigureAtLook[]
  readonly reason: Stopping['reason'] | null
}

/**
 * Looks at a load.
 * @param records in send order; the first `before` + the look's requests must have ended
 */
export function lookAt(records: RequestRecords, rule: StopRule, look: Look): LookResult {
  const { before, round, precision, slo } = rule
  const sample = sampleOf(records, { before, count: look.requests, round, from: 'sent' })
  const figures = figuresAtLook(sample, { slo, round }, precision, look.confidence)
  const isLast = look.requests === rule.looks.at(-1)?.requests
  return { figures, reason: isSettled(figures) ? 'settled' : rule.isBeaten(figures) ? 'beaten' : isLast ? 'max' : null }
}

/**
 * A load that has ended, read anew: the look that it stopped at, and the requests that were sent behind it told apart
 * as those that only held the load. So the figures of a point are of the requests that decided, however many more were
 * on their way.
 *
 * @param records in send order, with their phases, which are changed
 * @param requests measured requests that it was stopped at
 */
export function settleStop(records: RequestRecords, rule: StopRule, requests: number): Stopping {
  const look = rule.looks.find(each => each.requests === requests) ?? rule.looks.at(-1)
  const [measured, after] = [phaseCode('measured'), phaseCode('after')]
  const rows = Array.from(records.phase.keys().filter(row => records.phase[row] !== after))
  for (const row of rows.slice(rule.before + requests)) if (records.phase[row] === measured) records.phase[row] = after
  const kept = rows.slice(0, rule.before + requests)
  const whole = kept.length === rule.before + requests
  const { figures, reason }: LookResult =
    look === undefined || !whole ? { figures: [], reason: 'max' } : lookAt(pickRequests(records, kept), rule, look)
  const max = rule.looks.at(-1)?.requests ?? requests
  return { reason: reason ?? 'settled', requests, max, precision: rule.precision, figures }
}

/** The first requests by when they were due, of rows in any order. */
export function firstDue(records: RequestRecords, count: number): RequestRecords {
  const rows = Array.from({ length: count }, (_, row) => row)
  return pickRequests(
    records,
    rows.sort((a, b) => (records.scheduledMs[a] ?? 0) - (records.scheduledMs[b] ?? 0)),
  )
}
