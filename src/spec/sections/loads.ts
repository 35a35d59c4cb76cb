import { type Arrivals, defined, generates, type Load, type LoadLevel, mostWarmup } from '../../model/index.ts'
import { existing, listOf, reportDuplicates, type SectionContext, seconds } from '../../yaml/section-context.ts'
import type { RawLoad } from '../schema/load.ts'
import { amountAt } from './amount.ts'
import { autoOf, autoRequestsOf, checkAutoRequests } from './auto-requests.ts'
import { autoWarmupOf, checkAutoWarmup, isAutoWarmup } from './auto-warmup.ts'

/** Default maximum number of distinct prompts. */
const datasetCap = 10_000
const openWarmupS = 5
const openDurationS = 60
/** Minimum timeout. No response is faster. */
const leastTimeoutS = 0.001

/** Reads every load of the sweep, in the order of the axes, and resolves multiples of the concurrency. */
export function readLoads(raw: RawLoad, context: SectionContext): readonly Load[] {
  const levels = readLevels(raw, context)
  if (levels.length === 0) {
    context.report(['load'], 'load has no level', 'write concurrency, request_rate, stages or trace')
  }
  checkTogether(raw, levels, context)
  checkAutoRequests(raw, levels, context)
  checkAutoWarmup(raw, levels, context)
  const loads = levels.map(level => loadOf(raw, level))
  checkSizes(raw, loads, context)
  return loads
}

/** Above these numbers, the records or prompts of a point would not fit into memory. */
const mostRequestsOfAPoint = 100_000_000
const mostPrompts = 10_000_000

/** Rejects amounts that must be typing errors: more than a point can hold, or so few that nothing is sent. */
function checkSizes(raw: RawLoad, loads: readonly Load[], context: SectionContext): void {
  const most = (key: 'requests' | 'warmup' | 'dataset', of: (load: Load) => number, limit: number) => {
    const found = loads.reduce((largest, load) => Math.max(largest, of(load)), 0)
    if (raw[key] === undefined || found <= limit) return
    const wrong = `load.${key} is ${found.toLocaleString('en-US')} per point`
    context.report(['load', key], wrong, `write at most ${limit.toLocaleString('en-US')}`)
  }
  most('requests', load => load.requests ?? 0, mostRequestsOfAPoint)
  most('warmup', mostWarmup, mostRequestsOfAPoint)
  most('dataset', load => load.dataset, mostPrompts)
  for (const { level, durationS, requests } of loads) {
    if (level.kind !== 'rate' || durationS === undefined || requests !== undefined) continue
    const expected = level.requestsPerS * durationS
    const wrong = (what: string) => `${level.requestsPerS} requests/s over ${durationS} s ${what}`
    const path = ['load', 'request_rate']
    if (expected > mostRequestsOfAPoint) {
      context.report(
        path,
        wrong('are too many'),
        `send at most ${mostRequestsOfAPoint.toLocaleString('en-US')} per point`,
      )
    } else if (expected < 1) {
      context.report(path, wrong('send less than one request'), 'write a higher rate, a longer duration, or requests')
    }
  }
}

function readLevels(raw: RawLoad, context: SectionContext): readonly LoadLevel[] {
  const levels: LoadLevel[] = []
  const maxConcurrency = defined({ maxConcurrency: raw.max_concurrency })
  const arrivals = readArrivals(raw.arrivals)
  if (raw.concurrency !== undefined) {
    const values = listOf(raw.concurrency)
    reportDuplicates(context, ['load', 'concurrency'], values, String)
    for (const concurrency of values) levels.push({ kind: 'concurrency', concurrency })
  }
  if (raw.request_rate !== undefined) {
    const values = listOf(raw.request_rate)
    reportDuplicates(context, ['load', 'request_rate'], values, String)
    for (const requestsPerS of values) levels.push({ kind: 'rate', requestsPerS, arrivals, ...maxConcurrency })
  }
  if (raw.stages !== undefined) {
    const stages = raw.stages.map(stage => ({
      requestsPerS: stage.rate,
      durationS: seconds(stage.duration),
      jump: stage.jump,
    }))
    if (stages.every(stage => stage.requestsPerS === 0 || stage.durationS === 0)) {
      context.report(
        ['load', 'stages'],
        'no stage sends a request',
        'write a rate and a duration above 0 for at least one stage',
      )
    }
    levels.push({ kind: 'stages', stages, arrivals, ...maxConcurrency })
  }
  if (raw.trace !== undefined) {
    const file = existing(context, ['load', 'trace', 'file'], raw.trace.file, 'file')
    const speeds = listOf(raw.trace.speed)
    reportDuplicates(context, ['load', 'trace', 'speed'], speeds, String)
    const { unit, sample, from, until } = raw.trace
    const part = defined({
      unit,
      fromMs: from === undefined ? undefined : 1000 * seconds(from),
      untilMs: until === undefined ? undefined : 1000 * seconds(until),
      sample,
    })
    if ((part.fromMs ?? 0) >= (part.untilMs ?? Number.POSITIVE_INFINITY)) {
      context.report(['load', 'trace', 'until'], 'until is not after from', 'write a later until, or an earlier from')
    }
    const users = raw.trace.users === undefined ? [undefined] : listOf(raw.trace.users)
    reportDuplicates(context, ['load', 'trace', 'users'], users, String)
    for (const speed of speeds)
      for (const count of users)
        levels.push({ kind: 'trace', file, speed, ...part, ...defined({ users: count }), ...maxConcurrency })
  }
  return levels
}

function readArrivals(raw: RawLoad['arrivals']): Arrivals {
  return typeof raw === 'string' ? { kind: raw } : { kind: 'gamma', burstiness: raw.gamma.burstiness }
}

/** Rejects keys that contradict each other or have no effect, which would be misleading. */
function checkTogether(raw: RawLoad, levels: readonly LoadLevel[], context: SectionContext): void {
  const closed = levels.some(level => level.kind === 'concurrency')
  const open = levels.some(level => level.kind !== 'concurrency')
  const report = (key: string, wrong: string, right: string) => context.report(['load', key], wrong, right, 'key')
  const isMultiple = (value: unknown) => typeof value === 'string' && value.endsWith('x')
  if (levels.length === 0) return
  const ofConcurrency = isMultiple(raw.requests) || autoOf(raw.requests) !== null
  if (raw.requests !== undefined && raw.duration !== undefined && !(closed && open && ofConcurrency)) {
    report('duration', 'requests and duration cannot be combined', 'keep the one that should end a point')
  }
  for (const key of ['requests', 'warmup', 'dataset'] as const) {
    if (isMultiple(raw[key]) && !closed) {
      report(
        key,
        `${key}: ${raw[key]} is a multiple of the concurrency, which an open loop does not have`,
        'write a number',
      )
    }
  }
  if (typeof raw.warmup === 'string' && raw.warmup !== 'auto' && !isMultiple(raw.warmup) && closed) {
    report(
      'warmup',
      `warmup: ${raw.warmup} is a duration, but the warm-up of a closed loop is a number of requests`,
      'write a number of requests, or 2x for twice the concurrency',
    )
  }
  if (raw.max_concurrency !== undefined && !open) {
    report(
      'max_concurrency',
      'max_concurrency limits open loops, but this load has none',
      'remove it, or write request_rate',
    )
  }
  if (raw.max_concurrency !== undefined && raw.trace?.users !== undefined) {
    report(
      'max_concurrency',
      'max_concurrency limits open loops, but trace.users is a closed one',
      'remove one of the two',
    )
  }
  const fixedLength = levels.every(level => level.kind === 'stages' || level.kind === 'trace')
  if (raw.duration !== undefined && fixedLength) {
    report('duration', 'stages and traces define their own duration', 'remove duration')
  }
  for (const key of ['requests', 'duration'] as const) {
    const value = raw[key]
    const amount = typeof value === 'string' ? Number.parseFloat(value) : value
    if (amount === 0) report(key, `with ${key}: ${value}, nothing would be measured`, 'write more than 0')
  }
  if (typeof raw.dataset === 'string' && Number.parseFloat(raw.dataset) === 0) {
    report(
      'dataset',
      `with dataset: ${raw.dataset}, there would be no prompts`,
      'write a number of prompts, or 12x for twelve times the concurrency',
    )
  }
  if (seconds(raw.timeout) < leastTimeoutS) {
    report('timeout', `with timeout: ${raw.timeout}, every request would fail`, 'write a duration such as 600s')
  }
}

function loadOf(raw: RawLoad, level: LoadLevel): Load {
  const measured = measuredOf(raw, level)
  const warmup = warmupOf(raw, level)
  const autoWarmup = autoWarmupOf(raw, level, warmup)
  const before = autoWarmup?.max ?? warmup
  return {
    level,
    api: raw.api,
    streaming: raw.streaming ?? generates(raw.api),
    ...measured,
    graceS: seconds(raw.grace),
    warmup,
    ...defined({ autoWarmup }),
    ...(raw.window === 'whole' ? { window: 'whole' } : {}),
    dataset: datasetOf(raw, level, before + (measured.requests ?? mostRequests(level, measured.durationS ?? 0))),
    seed: raw.seed,
    timeoutMs: 1000 * seconds(raw.timeout),
    ...defined({ sessionHeader: raw.session_header }),
    extra: raw.extra,
  }
}

/** Condition that ends a point: a number of requests, a duration, or the load level itself (stages, trace). */
function measuredOf(raw: RawLoad, level: LoadLevel): Pick<Load, 'requests' | 'durationS' | 'auto'> {
  const auto = autoRequestsOf(raw, level)
  if (auto !== null) return auto
  if (level.kind === 'concurrency') {
    if (raw.duration !== undefined && raw.requests === undefined) return { durationS: seconds(raw.duration) }
    return { requests: amountAt(level.concurrency, typeof raw.requests === 'object' ? '10x' : (raw.requests ?? '10x')) }
  }
  if (typeof raw.requests === 'number') return { requests: raw.requests }
  if (level.kind === 'rate') return { durationS: raw.duration === undefined ? openDurationS : seconds(raw.duration) }
  if (level.kind === 'stages') return { durationS: level.stages.reduce((sum, stage) => sum + stage.durationS, 0) }
  return {}
}

function warmupOf(raw: RawLoad, level: LoadLevel): number {
  const stated = isAutoWarmup(raw.warmup) ? undefined : raw.warmup
  if (level.kind === 'concurrency') return amountAt(level.concurrency, stated ?? '2x')
  if (typeof stated === 'number') return stated
  if (level.kind === 'trace') return 0
  const forS = stated !== undefined && !stated.endsWith('x') ? seconds(stated) : openWarmupS
  return Math.ceil(firstRate(level) * forS)
}

function firstRate(level: LoadLevel): number {
  if (level.kind === 'rate') return level.requestsPerS
  return level.kind === 'stages' ? (level.stages.find(stage => stage.requestsPerS > 0)?.requestsPerS ?? 0) : 0
}

/**
 * Number of requests that is almost never exceeded: for random arrivals, four standard deviations above the expected
 * number. With fewer prompts than requests, prompts would repeat and benefit from the prefix cache.
 */
function mostRequests(level: LoadLevel, durationS: number): number {
  const expected = expectedRequests(level, durationS)
  if ((level.kind !== 'rate' && level.kind !== 'stages') || level.arrivals.kind === 'constant') return expected
  const burstiness = level.arrivals.kind === 'gamma' ? level.arrivals.burstiness : 1
  return Math.ceil(expected + 4 * Math.sqrt(expected / burstiness))
}

function expectedRequests(level: LoadLevel, durationS: number): number {
  if (level.kind === 'rate') return Math.ceil(level.requestsPerS * durationS)
  if (level.kind !== 'stages') return datasetCap
  let from = 0
  let sum = 0
  for (const stage of level.stages) {
    sum += stage.durationS * (stage.jump ? stage.requestsPerS : (from + stage.requestsPerS) / 2)
    from = stage.requestsPerS
  }
  return Math.ceil(sum)
}

function datasetOf(raw: RawLoad, level: LoadLevel, requests: number): number {
  if (typeof raw.dataset === 'number' || (raw.dataset !== undefined && level.kind === 'concurrency')) {
    return amountAt(level.kind === 'concurrency' ? level.concurrency : 1, raw.dataset)
  }
  return Math.max(1, Math.min(requests, datasetCap))
}
