import type { Load, Slo } from '../../model/index.ts'
import type { FigureAtLook, FoundWarmUp, Stopping } from '../measurement.ts'
import type { RequestPhase, RequestRecords } from '../records.ts'
import { createRecords, phaseCode, pickRequests } from '../records.ts'
import { isFalling } from './falling.ts'
import type { Look } from './rule.ts'
import { figuresAtLook, isSettled, looksOf } from './rule.ts'
import { sampleOf } from './sample.ts'

/** Whether a point can no longer win, given its certain figures. */
export type IsBeaten = (figures: readonly FigureAtLook[]) => boolean

/** Everything that decides when a load ends. */
export interface StopRule {
  readonly looks: readonly Look[]
  /** Requests of the warm-up; in an open loop, the number of warm-up requests to keep. */
  readonly before: number
  readonly round: number
  /** Requests of a conversation; 1 without turns. */
  readonly turns: number
  /** Requests/s of an open loop; null for a closed one. */
  readonly requestsPerS: number | null
  readonly precision: number
  readonly slo: Slo
  readonly isBeaten: IsBeaten
  /**
   * Requests of a window that moves on until TTFT is steady: each look uses this many of the last ones. Null for a
   * window that begins after the planned warm-up and grows.
   */
  readonly moving: number | null
}

const never: IsBeaten = () => false

/**
 * An open loop warms up until it has been loaded for long enough, so its number of warm-up requests is unknown. This
 * many of the last ones are kept, because their tokens may arrive in the window.
 */
const openWarmupRows = 4096

/**
 * The rule of a load with `requests: auto` or `warmup: auto`; null for any other load, and for loads that it cannot end
 * (see `whyNotAuto`).
 */
export function stopRuleOf(
  load: Pick<Load, 'level' | 'auto' | 'requests' | 'warmup' | 'autoWarmup'>,
  slo: Slo,
  isBeaten = never,
  turns = 1,
): StopRule | null {
  const { level, auto, requests, warmup } = load
  if (requests === undefined) return null
  if (auto === undefined) return turns > 1 ? null : movingRule(load, requests, slo)
  const common = { precision: auto.precision, slo, isBeaten, turns, moving: null }
  if (level.kind === 'concurrency') {
    const looks = looksOf({ min: auto.min, max: requests })
    return { ...common, looks, before: Math.ceil(warmup / turns) * turns, round: level.concurrency, requestsPerS: null }
  }
  if (level.kind !== 'rate' || turns > 1) return null
  const looks = looksOf({ min: auto.min, max: requests })
  return { ...common, looks, before: openWarmupRows, round: 1, requestsPerS: level.requestsPerS }
}

/** Looks at the window of each round from the end of the minimum warm-up on. */
function movingRule(
  { level, warmup, autoWarmup }: Pick<Load, 'level' | 'warmup' | 'autoWarmup'>,
  requests: number,
  slo: Slo,
): StopRule | null {
  if (autoWarmup === undefined || level.kind !== 'concurrency') return null
  const round = level.concurrency
  const moves = Math.floor((autoWarmup.max - warmup) / round)
  return {
    // These looks compute no intervals.
    looks: Array.from({ length: moves + 1 }, (_, move) => ({ requests: requests + move * round, confidence: 1 })),
    ...{ before: warmup, round, turns: 1, requestsPerS: null, precision: 0, slo, isBeaten: never, moving: requests },
  }
}

/** Rows for the measured requests up to a rule's last look, after those of its warm-up. */
export function mostRows({ looks, before, turns }: StopRule): number {
  return before + wholeSessions(looks.at(-1)?.requests ?? 0, turns)
}

/** This number of requests, rounded up to whole conversations. */
export function wholeSessions(requests: number, turns: number): number {
  return Math.ceil(requests / turns) * turns
}

/** Result of one look: whether to stop, and why. */
export interface LookResult {
  readonly figures: readonly FigureAtLook[]
  readonly reason: Stopping['reason'] | null
}

/**
 * Looks at a load.
 * @param records with their phases, in any order; the first measured requests, as many as the look counts, must have
 *   ended
 */
export function lookAt(records: RequestRecords, rule: StopRule, look: Look): LookResult {
  const { round, precision, slo, requestsPerS, turns, moving } = rule
  if (moving !== null) return lookAtMoving(records, rule, look, moving)
  const { warmup, measured } = inOrder(records, wholeSessions(look.requests, turns) / turns)
  const options = { before: warmup.length, count: measured.length, round }
  const from = requestsPerS === null ? 'sent' : 'scheduled'
  const sample = sampleOf(pickRequests(records, [...warmup, ...measured]), { ...options, from })
  const aim = { slo, round, ...(requestsPerS === null ? {} : { ratePerMs: requestsPerS / 1000 }) }
  const figures = figuresAtLook(sample, aim, precision, look.confidence)
  const isLast = look.requests === rule.looks.at(-1)?.requests
  return { figures, reason: isSettled(figures) ? 'settled' : rule.isBeaten(figures) ? 'beaten' : isLast ? 'max' : null }
}

function lookAtMoving(records: RequestRecords, { looks }: StopRule, look: Look, moving: number): LookResult {
  const { measured } = inOrder(records, look.requests)
  const window = pickRequests(records, measured.slice(-moving))
  const isLast = look.requests === looks.at(-1)?.requests
  return { figures: [], reason: isFalling(ttftOf(window)) ? (isLast ? 'max' : null) : 'settled' }
}

/** TTFT of the answered requests, in their order. */
function ttftOf({ firstTokenMs, sentMs, error }: RequestRecords): Float64Array {
  const ttft = firstTokenMs.map((first, row) => (error[row] === 0 ? first - (sentMs[row] ?? Number.NaN) : Number.NaN))
  return ttft.filter(value => !Number.isNaN(value))
}

/**
 * Rows of the warm-up, then those of the first measured conversations (a request without turns is one), each in the
 * order in which they were due. Rows of a conversation are together. Rows that were never due are omitted.
 */
function inOrder(
  records: RequestRecords,
  conversations: number,
): { readonly warmup: readonly number[]; readonly measured: readonly number[] } {
  const due = (row: number) => records.scheduledMs[row] ?? Number.NaN
  const rows = Array.from({ length: records.count }, (_, row) => row).filter(row => !Number.isNaN(due(row)))
  const byDue = rows.sort((a, b) => due(a) - due(b))
  const ofPhase = (phase: RequestPhase) => byDue.filter(row => records.phase[row] === phaseCode(phase))
  const found = new Map<number | string, number[]>()
  for (const row of ofPhase('measured')) {
    const session = records.session[row] ?? Number.NaN
    // Row numbers never equal the numbers of conversations.
    const key = Number.isNaN(session) ? `${row}` : session
    const known = found.get(key)
    if (known !== undefined) known.push(row)
    else found.set(key, [row])
  }
  return { warmup: ofPhase('warm-up'), measured: [...found.values()].slice(0, conversations).flat() }
}

/**
 * Marks requests sent after the one at which a load was stopped as requests that only maintained the load. The figures
 * of a point are then those of the deciding requests, however many others were in flight. Requests before a window that
 * moved are warm-up.
 *
 * @param parts records of every thread, whose phases are changed
 * @param requests measured requests at which it was stopped
 */
export function keepFirst(parts: readonly RequestRecords[], rule: StopRule, requests: number): void {
  const [measured, warmUp, after] = [phaseCode('measured'), phaseCode('warm-up'), phaseCode('after')]
  const places = parts.flatMap(part => Array.from({ length: part.count }, (_, row) => ({ part, row })))
  const all = pickFrom(places)
  const first = inOrder(all, wholeSessions(requests, rule.turns) / rule.turns).measured
  const kept = new Set(first)
  for (const [at, { part, row }] of places.entries())
    if (part.phase[row] === measured && !kept.has(at)) part.phase[row] = after
  if (rule.moving === null) return
  for (const at of first.slice(0, -rule.moving)) {
    const place = places[at]
    if (place !== undefined) place.part.phase[place.row] = warmUp
  }
}

/** The columns that determine the order of requests. */
function pickFrom(places: readonly { readonly part: RequestRecords; readonly row: number }[]): RequestRecords {
  const all = createRecords(places.length)
  for (const [at, { part, row }] of places.entries()) {
    for (const column of ['scheduledMs', 'session', 'phase'] as const) all[column][at] = part[column][row] ?? Number.NaN
  }
  return all
}

/**
 * Evaluates a load that has ended at the look at which it was stopped.
 *
 * @param records the requests that {@link keepFirst} kept, with their phases
 * @param requests measured requests at which it was stopped
 */
export function settleStop(records: RequestRecords, rule: StopRule, requests: number): Stopping {
  const look = rule.looks.find(each => each.requests === requests) ?? rule.looks.at(-1)
  const conversations = wholeSessions(requests, rule.turns) / rule.turns
  const whole = conversationsIn(records) >= conversations
  const { figures, reason }: LookResult =
    look === undefined || !whole ? { figures: [], reason: 'max' } : lookAt(records, rule, look)
  const max = rule.looks.at(-1)?.requests ?? requests
  return { reason: reason ?? 'settled', requests, max, precision: rule.precision, figures }
}

/**
 * The warm-up of a window that moved.
 *
 * @param records the requests that {@link keepFirst} kept, with their phases
 * @param requests requests after the minimum warm-up, up to the end of the window
 */
export function foundWarmUp(
  records: RequestRecords,
  { before, looks }: StopRule,
  requests: number,
  moving: number,
): FoundWarmUp {
  const window = inOrder(records, moving).measured
  const isSteady = window.length === moving && !isFalling(ttftOf(pickRequests(records, window)))
  const most = looks.at(-1)?.requests ?? requests
  return { reason: isSteady ? 'steady' : 'max', requests: before + requests - moving, max: before + most - moving }
}

/** Conversations with a measured request; a request without turns is one. */
export function conversationsIn({ count, phase, session }: RequestRecords): number {
  const seen = new Set<number>()
  let single = 0
  for (let row = 0; row < count; row++) {
    if (phase[row] !== phaseCode('measured')) continue
    const of = session[row] ?? Number.NaN
    if (Number.isNaN(of)) single += 1
    else seen.add(of)
  }
  return seen.size + single
}
