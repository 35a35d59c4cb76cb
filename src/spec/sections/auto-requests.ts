import type { Load, LoadLevel } from '../../model/index.ts'
import { counted } from '../../model/index.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import type { RawAutoRequests, RawLoad } from '../schema/load.ts'
import { amountAt } from './amount.ts'

const defaultMin = '10x'
const defaultMax = '100x'
/**
 * Upper limit of the default for `max`. Several thousand requests determine a p95 to within 5%, and each one needs a
 * prompt.
 */
const mostByDefault = 4000
/** Below the minimum, no figure ever becomes precise; above the maximum, every figure is. */
const [leastPrecision, mostPrecision] = [0.005, 0.5]

/** The options of `requests: auto` without defaults; null if requests are a number or absent. */
export function autoOf(requests: RawLoad['requests']): Partial<RawAutoRequests> | null {
  if (requests === 'auto') return {}
  return typeof requests === 'object' ? requests.auto : null
}

/**
 * Defaults for an open loop: `minS` seconds before the first check, and `maxS` seconds in total. `least` and `most`
 * bound the requests before the first check; `least` and {@link mostByDefault} bound the total.
 */
const openDefaults = { minS: 20, maxS: 600, least: 100, most: 1000 }

/**
 * Stopping rule for a level; null without one. Stages and traces have none, because their load varies, and neither has
 * a rate in a sweep that also has closed loops, which ends by its duration.
 */
export function autoRequestsOf(raw: RawLoad, level: LoadLevel): Required<Pick<Load, 'requests' | 'auto'>> | null {
  const auto = autoOf(raw.requests)
  if (auto === null) return null
  if (level.kind === 'rate' && raw.concurrency === undefined) return ofRate(auto, level.requestsPerS)
  if (level.kind !== 'concurrency') return null
  const resolved = (bound: number | string) => Math.max(1, amountAt(level.concurrency, bound))
  const min = resolved(auto.min ?? defaultMin)
  const max = auto.max === undefined ? Math.max(min, Math.min(resolved(defaultMax), mostByDefault)) : resolved(auto.max)
  return { requests: max, auto: { min, precision: precisionOf(auto) } }
}

function ofRate(auto: Partial<RawAutoRequests>, requestsPerS: number): Required<Pick<Load, 'requests' | 'auto'>> {
  const { minS, maxS, least, most } = openDefaults
  const within = (low: number, high: number, value: number) => Math.max(low, Math.min(high, Math.ceil(value)))
  // Multiples of a concurrency are rejected.
  const stated = (bound: number | string | undefined) => (typeof bound === 'number' ? bound : null)
  const min = stated(auto.min) ?? within(least, most, requestsPerS * minS)
  const max = stated(auto.max) ?? within(Math.max(min, least), Math.max(min, mostByDefault), requestsPerS * maxS)
  return { requests: max, auto: { min, precision: precisionOf(auto) } }
}

function precisionOf({ precision = '5%' }: Partial<RawAutoRequests>): number {
  return Number.parseFloat(precision) / 100
}

/** Rejects contradictory bounds, and loads that the rule cannot end. */
export function checkAutoRequests(raw: RawLoad, levels: readonly LoadLevel[], context: SectionContext): void {
  const auto = autoOf(raw.requests)
  if (auto === null) return
  const path = ['load', 'requests', ...(raw.requests === 'auto' ? [] : ['auto'])]
  const precision = precisionOf(auto)
  if (precision < leastPrecision || precision > mostPrecision) {
    const wrong = `invalid precision ${auto.precision}`
    context.report([...path, 'precision'], wrong, 'write a percentage from 0.5% to 50%')
  }
  for (const key of ['min', 'max'] as const) {
    const bound = auto[key]
    if (typeof bound === 'string' && Number.parseFloat(bound) === 0)
      context.report([...path, key], `with ${key}: ${bound}, nothing would be measured`, 'write more than 0')
  }
  if (levels.length > 0 && levels.every(level => level.kind === 'stages' || level.kind === 'trace')) {
    const wrong = levels.some(level => level.kind === 'trace')
      ? 'requests: auto can’t end a trace: its requests are as recorded, and the first of them don’t show what the others would'
      : 'requests: auto can’t end stages: their rate changes, so that part of them shows another load than the whole'
    context.report(['load', 'requests'], wrong, 'remove requests, or write concurrency or request_rate')
  }
  if (levels.some(level => level.kind === 'rate') && raw.concurrency === undefined) {
    for (const key of ['min', 'max'] as const) {
      if (typeof auto[key] !== 'string') continue
      const wrong = `${key}: ${auto[key]} is a multiple of the concurrency, which an open loop does not have`
      context.report([...path, key], wrong, `write a number of requests, such as ${key === 'min' ? 200 : 4000}`)
    }
  }
  const crossed = levels
    .map(level => autoRequestsOf(raw, level))
    .find(one => one !== null && one.auto.min > one.requests)
  if (crossed != null) {
    const wrong = `min is ${counted(crossed.auto.min, 'request')}, above max, which is ${crossed.requests}`
    context.report(path, wrong, 'lower min or raise max')
  }
}
