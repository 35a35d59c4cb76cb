import type { Load, LoadLevel } from '../../model/index.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import type { RawAutoRequests, RawLoad } from '../schema/load.ts'

const defaultMin = '10x'
const defaultMax = '100x'
/**
 * Requests above which the default for `max` doesn't go: a p95 is known to 5% from some thousand on, and each request needs a prompt.
 */
const mostByDefault = 4000
/** Below this nothing is ever precise, above it anything is. */
const [leastPrecision, mostPrecision] = [0.005, 0.5]

/** What `requests: auto` says, defaults left open; null where requests are a number or absent. */
export function autoOf(requests: RawLoad['requests']): Partial<RawAutoRequests> | null {
  if (requests === 'auto') return {}
  return typeof requests === 'object' ? requests.auto : null
}

/** The rule for a level; null where there is none. Open loops are ended by their duration. */
export function autoRequestsOf(raw: RawLoad, level: LoadLevel): Required<Pick<Load, 'requests' | 'auto'>> | null {
  const auto = autoOf(raw.requests)
  if (auto === null || level.kind !== 'concurrency') return null
  const resolved = (bound: number | string) =>
    typeof bound === 'number' ? bound : Math.max(1, Math.round(Number.parseFloat(bound) * level.concurrency))
  const min = resolved(auto.min ?? defaultMin)
  const max = auto.max === undefined ? Math.max(min, Math.min(resolved(defaultMax), mostByDefault)) : resolved(auto.max)
  return { requests: max, auto: { min, precision: precisionOf(auto) } }
}

function precisionOf({ precision = '5%' }: Partial<RawAutoRequests>): number {
  return Number.parseFloat(precision) / 100
}

/** Refuses bounds that contradict each other, and loads that the rule doesn't end. */
export function checkAutoRequests(raw: RawLoad, levels: readonly LoadLevel[], context: SectionContext): void {
  const auto = autoOf(raw.requests)
  if (auto === null) return
  const path = ['load', 'requests', ...(raw.requests === 'auto' ? [] : ['auto'])]
  const precision = precisionOf(auto)
  if (precision < leastPrecision || precision > mostPrecision) {
    const wrong = `precision: ${auto.precision} is out of range`
    context.report([...path, 'precision'], wrong, 'write a percentage from 0.5% to 50%')
  }
  for (const key of ['min', 'max'] as const) {
    const bound = auto[key]
    if (typeof bound === 'string' && Number.parseFloat(bound) === 0)
      context.report([...path, key], `${key} is ${bound}: nothing would be measured`, 'write more than 0')
  }
  if (levels.length > 0 && levels.every(level => level.kind !== 'concurrency')) {
    const wrong = 'requests: auto needs a closed loop: how long an open one has to run, its arrivals decide'
    context.report(['load', 'requests'], wrong, 'write a number of requests, or duration: 120s')
  }
  const crossed = levels
    .map(level => autoRequestsOf(raw, level))
    .find(one => one !== null && one.auto.min > one.requests)
  if (crossed != null) {
    const wrong = `min is ${crossed.auto.min} requests and max is ${crossed.requests}`
    context.report(path, wrong, 'write a min that is at most max')
  }
}
