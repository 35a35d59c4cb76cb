import type { Point } from '../../model/index.ts'
import type { Finding, Measurement, ServerMetrics } from '../measurement.ts'
import { amount, percent } from './figures.ts'

/** Requests that a Dynamo worker took up, whatever the engine. */
const takenUp = /^dynamo_component_requests_total(?:\{dynamo_endpoint="generate"\})?$/

/** Whether the servers did what their topology says, by their own counts. */
export function judgeServer(point: Point, measurement: Measurement): Finding[] {
  if (point.deployment.topology.kind !== 'disaggregated' || measurement.server === undefined) return []
  const prefilled = takenUpBy('prefill', measurement.server)
  const decoded = takenUpBy('decode', measurement.server)
  if (prefilled === null || decoded === null || decoded === 0) return []
  // A prompt that was with a prefill worker when the window began is counted on the decode side only.
  const bypassed = decoded - prefilled - mostInFlight(point, measurement)
  const share = bypassed / decoded
  if (!(share > point.limits.prefillBypassShare)) return []
  return [
    {
      severity: 'invalid',
      code: 'prefill-bypassed',
      message: `decode workers handled ${amount(decoded)} requests and prefill workers ${amount(prefilled)}: at least ${percent(share)} bypassed prefill, limit ${percent(point.limits.prefillBypassShare)} (validity.prefill_bypass). The deployment does not do what its topology says. The frontend may not have registered its prefill workers yet: measure the point again (fulcrum resume --again invalid)`,
    },
  ]
}

/** Null when the role's workers were not asked; a counter that stood still is not kept, so that none means 0. */
function takenUpBy(role: 'prefill' | 'decode', server: ServerMetrics): number | null {
  const sources = Object.entries(server).filter(([source]) => source.startsWith(`${role}-`))
  if (sources.length === 0) return null
  const counts = sources.flatMap(([, metrics]) =>
    Object.entries(metrics).flatMap(([name, { last }]) => (takenUp.test(name) ? [last] : [])),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

function mostInFlight({ load }: Point, { client }: Measurement): number {
  if (load.level.kind === 'concurrency') return load.level.concurrency
  return client.inFlight?.max ?? Number.POSITIVE_INFINITY
}
