import {
  canonicalJson,
  type Deployment,
  largest,
  meanTokens,
  type Role,
  rolesOf,
  smallest,
  topologyLabel,
  workersOf,
} from '../../model/index.ts'
import type { SimulatedWorkload } from '../../simulator/request-source.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { MeasuredRange } from './twin.ts'

/** Factor beyond the measured range that still counts as inside it. */
const reach = 1.05

/** Range that the points cover. */
export function rangeOf(points: readonly MeasuredPoint[]): MeasuredRange {
  const span = (values: readonly number[]): readonly [number, number] => [smallest(values), largest(values)]
  const roles = [...new Set(points.flatMap(point => rolesOf(point.deployment.topology)))]
  const having = (role: Role) => points.filter(point => workersOf(point.deployment.topology, role) > 0)
  return {
    topologies: [...new Set(points.map(point => topologyLabel(point.deployment.topology)))],
    workers: Object.fromEntries(
      roles.map(role => [role, span(having(role).map(point => workersOf(point.deployment.topology, role)))]),
    ),
    isl: span(points.map(point => meanTokens(point.workload.isl))),
    osl: span(points.map(point => meanTokens(point.workload.osl))),
    inFlightPerWorker: span(
      points.map(point => inFlightOf(point) / writersOf(point.deployment)).filter(value => value > 0),
    ),
    loads: [...new Set(points.map(point => point.load.level.kind))],
    engine: Object.fromEntries(
      roles.map(role => [
        role,
        [...new Set(having(role).map(point => canonicalJson(point.deployment.engine[role] ?? {})))],
      ]),
    ),
  }
}

/** Properties of a prediction that decide whether it lies within the measured range. */
export interface PredictionSettings {
  readonly deployment: Pick<Deployment, 'topology' | 'engine'>
  readonly workloads: readonly SimulatedWorkload[]
  /** Simulated requests in flight. */
  readonly inFlight: number
}

/** Why a prediction lies beyond the measured range, in words; empty if it does not. */
export function extrapolations(range: MeasuredRange, asked: PredictionSettings): readonly string[] {
  const { topology, engine } = asked.deployment
  const reasons: string[] = []
  const within = (name: string, value: number, [low, high]: readonly [number, number]) => {
    if (value > high * reach)
      reasons.push(`${name} ${rounded(value)} is above what was measured (at most ${rounded(high)})`)
    if (value < low / reach)
      reasons.push(`${name} ${rounded(value)} is below what was measured (at least ${rounded(low)})`)
  }
  for (const role of rolesOf(topology)) {
    const measured = range.workers[role]
    if (measured === undefined) reasons.push(`no ${role} worker was measured`)
    else within(`${role} workers:`, workersOf(topology, role), measured)
    const settings = range.engine[role]
    if (settings !== undefined && !settings.includes(canonicalJson(engine[role] ?? {})))
      reasons.push(`engine settings of ${role} were not measured as they are here`)
  }
  for (const workload of asked.workloads) {
    within('ISL', meanTokens(workload.isl), range.isl)
    within('OSL', meanTokens(workload.osl), range.osl)
    if (workload.prefix !== undefined || workload.conversation !== undefined)
      reasons.push('prompts with parts in common: how much a prefix cache saves was not measured')
  }
  // Omits the point's own number, so that points of a sweep share the reason.
  const inFlight = asked.inFlight / writersOf(asked.deployment)
  if (inFlight > range.inFlightPerWorker[1] * reach)
    reasons.push(
      `more requests in flight for each worker that decodes than were measured (at most ${rounded(range.inFlightPerWorker[1])})`,
    )
  return reasons
}

/** Workers that generate tokens. */
function writersOf({ topology }: Pick<Deployment, 'topology'>): number {
  return Math.max(1, topology.kind === 'aggregated' ? topology.workers : topology.decode)
}

/** Requests in flight of a measured point by Little's law, wherever they were. */
function inFlightOf({ figures }: MeasuredPoint): number {
  return ((figures.request_throughput?.mean ?? 0) * (figures.request_latency_mean_ms?.mean ?? 0)) / 1000
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toFixed(1)))
}
