import { largest, type Point, smallest } from '../../model/index.ts'
import type { Finding, Measurement, ServerMetrics } from '../measurement.ts'
import { amount, percent } from './figures.ts'

/** Requests accepted by a Dynamo worker, whatever the engine. */
const takenUp = /^dynamo_component_requests_total(?:\{dynamo_endpoint="generate"\})?$/

/** Checks from the servers' own counters whether they worked as their topology requires. */
export function judgeServer(point: Point, measurement: Measurement): Finding[] {
  if (point.deployment.topology.kind !== 'disaggregated' || measurement.server === undefined) return []
  const prefilled = takenUpBy('prefill', measurement.server)
  const decoded = takenUpBy('decode', measurement.server)
  if (prefilled === null || decoded === null || decoded.count === 0) return []
  // A page that missed a scrape covers another time span. Prefill workers received proportionally more requests in the
  // longer one.
  const stretch = prefilled.spanS === null || decoded.spanS === null ? 1 : Math.max(1, decoded.spanS / prefilled.spanS)
  // A prompt that was at a prefill worker when the window began counts only on the decode side.
  const bypassed = decoded.count - (prefilled.count + mostInFlight(point, measurement)) * stretch
  const share = bypassed / decoded.count
  if (!(share > point.limits.prefillBypassShare)) return []
  return [
    {
      severity: 'invalid',
      code: 'prefill-bypassed',
      message: `decode workers handled ${amount(decoded.count)} requests and prefill workers ${amount(prefilled.count)}: at least ${percent(share)} bypassed prefill, limit ${percent(point.limits.prefillBypassShare)} (validity.prefill_bypass). The deployment does not behave as its topology says. The frontend may not have registered its prefill workers yet: measure the point again (fulcrum resume --again invalid)`,
    },
  ]
}

/** Requests accepted by a role's workers, and the seconds over which they were counted. */
interface TakenUp {
  readonly count: number
  /** The longest span of the pages for decode, the shortest for prefill; null if no counter moved. */
  readonly spanS: number | null
}

/**
 * Null if the role's workers were not scraped. Counters that did not move are not recorded, so their absence means 0.
 */
function takenUpBy(role: 'prefill' | 'decode', server: ServerMetrics): TakenUp | null {
  const sources = Object.entries(server).filter(([source]) => source.startsWith(`${role}-`))
  if (sources.length === 0) return null
  const counters = sources.flatMap(([, metrics]) =>
    Object.entries(metrics).flatMap(([name, metric]) => (takenUp.test(name) ? [metric] : [])),
  )
  const spans = counters.flatMap(({ mean, last }) => (mean > 0 ? [last / mean] : []))
  return {
    count: counters.reduce((sum, { last }) => sum + last, 0),
    spanS: spans.length === 0 ? null : role === 'prefill' ? smallest(spans) : largest(spans),
  }
}

function mostInFlight({ load }: Point, { client }: Measurement): number {
  if (load.level.kind === 'concurrency') return load.level.concurrency
  return client.inFlight?.max ?? Number.POSITIVE_INFINITY
}
