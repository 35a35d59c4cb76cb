import type { Load, LoadLevel } from '../../model/index.ts'
import { counted } from '../../model/index.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import type { RawAutoRequests, RawLoad } from '../schema/load.ts'

const defaultMin = '10x'
const defaultMax = '100x'
/**
 * Upper limit of the default for `max`: some thousand requests determine a p95 to 5%, and each request needs a prompt.
 */
const mostByDefault = 4000
/** Below the first no figure is ever precise, above the second every figure is. */
const [leastPrecision, mostPrecision] = [0.005, 0.5]

/** The options of `requests: auto` without defaults; null if requests are a number or absent. */
export function autoOf(requests: RawLoad['requests']): Partial<RawAutoRequests> | null {
  if (requests === 'auto') return {}
  return typeof requests === 'object' ? requests.auto : null
}

/** The stopping rule for a level; null without one. Open loops end by their duration. */
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

/** Rejects contradictory bounds, and loads that the rule can't end. */
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
  if (levels.length > 0 && levels.every(level => level.kind !== 'concurrency')) {
    const wrong = 'requests: auto needs a closed loop; an open loop ends by its duration'
    context.report(['load', 'requests'], wrong, 'write a number of requests, or duration: 120s')
  }
  const crossed = levels
    .map(level => autoRequestsOf(raw, level))
    .find(one => one !== null && one.auto.min > one.requests)
  if (crossed != null) {
    const wrong = `min is ${counted(crossed.auto.min, 'request')}, above max, which is ${crossed.requests}`
    context.report(path, wrong, 'lower min or raise max')
  }
}
