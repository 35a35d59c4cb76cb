import type { Deployment, Topology } from '../../model/index.ts'
import { canonicalJson, largest, meanTokens, smallest, topologyLabel } from '../../model/index.ts'
import { loadValue } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { meetsSlo, objectives } from '../slo.ts'

/** Rate of one worker of a role under a workload, within its part of the SLO. */
export interface WorkerRate {
  readonly requestsPerS: number
  /** Input tokens/s of a prefill worker, output tokens/s of a decode worker. */
  readonly tokensPerS: number
  /** Point at which it was measured. */
  readonly point: MeasuredPoint
  /**
   * Whether more load brought no more there while the other role had capacity to spare by its own rate. Otherwise the
   * worker may be capable of more.
   */
  readonly isLimit: boolean
  /** Whether more load brought no more throughput there. */
  readonly isPressed: boolean
}

/** Prefill's rate compared with decode's demand, for one kind of worker per role. */
export interface RateMatching {
  readonly prefill: WorkerRate
  readonly decode: WorkerRate
  /** Prefill workers per decode worker at which neither waits for the other. */
  readonly ratio: number
  readonly rows: readonly RateRow[]
  /**
   * Topology with the most predicted requests/s per GPU on at most as many GPUs as measured; of equal ones, the
   * smallest.
   */
  readonly best: { readonly topology: Topology; readonly requestsPerSPerGpu: number; readonly isMeasured: boolean }
  /** How to make the prediction more certain; null if both workers were measured at their limit. */
  readonly advice: string | null
}

/** A measured topology: the prediction from its slower role, and the measurement. */
export interface RateRow {
  readonly label: string
  readonly topology: Topology
  readonly predicted: number
  /** Maximum requests/s within the SLO. */
  readonly measured: number
  /** (measured − predicted) / predicted. */
  readonly apart: number
  /** True if they are more than {@link tolerance} apart. */
  readonly parts: boolean
  readonly limit: 'prefill' | 'decode'
}

/** Relative difference above which prediction and measurement are said to differ. */
export const tolerance = 0.1
/** A worker counts as the limit if the other role can do this multiple of the measured rate. */
const room = 1.2
/** A heavier load shows the limit of the previous one if it is at most this multiple of it. */
const closeLoads = 2
/** Maximum workers per role in the search for the best ratio. */
const mostWorkers = 64

/**
 * Matches rates for one workload, separately for each kind of workers (engine settings and GPUs). The topology with the
 * fewest prefill workers per decode worker shows a prefill worker's rate, and the one with the most shows a decode
 * worker's. Every topology xPyD is then predicted as min(x · prefill, y · decode). Empty without two different ratios
 * of some kind.
 */
export function matchRates(points: readonly MeasuredPoint[]): readonly RateMatching[] {
  const usable = points.filter(
    point => point.status === 'ok' && point.deployment.topology.kind === 'disaggregated' && rateOf(point) > 0,
  )
  return [...Map.groupBy(usable, ({ deployment }) => kindOf(deployment)).values()].flatMap(matchKind)
}

function kindOf({ engine, gpusPerWorker, model }: Deployment): string {
  return canonicalJson([engine.prefill, engine.decode, gpusPerWorker.prefill, gpusPerWorker.decode, model.name])
}

const rateOf = (point: MeasuredPoint) => point.figures.request_throughput?.mean ?? 0
const workers = ({ deployment: { topology } }: MeasuredPoint) =>
  topology.kind === 'disaggregated' ? topology : { prefill: 1, decode: 1 }

function matchKind(points: readonly MeasuredPoint[]): RateMatching[] {
  const ratio = (point: MeasuredPoint) => workers(point).prefill / workers(point).decode
  const ratios = points.map(ratio)
  const [least, most] = [smallest(ratios), largest(ratios)]
  if (least === most) return []
  const seenPrefill = fastest(points.filter(point => ratio(point) === least && meetsPart(point, 'prefill')))
  const seenDecode = fastest(points.filter(point => ratio(point) === most && meetsPart(point, 'decode')))
  if (seenPrefill === null || seenDecode === null) return []
  const perPrefill = rateOf(seenPrefill) / workers(seenPrefill).prefill
  const perDecode = rateOf(seenDecode) / workers(seenDecode).decode
  const { workload } = seenPrefill
  const prefill: WorkerRate = {
    requestsPerS: perPrefill,
    tokensPerS: perPrefill * meanTokens(workload.isl),
    point: seenPrefill,
    isPressed: isPressed(seenPrefill, points),
    isLimit: isPressed(seenPrefill, points) && workers(seenPrefill).decode * perDecode >= room * rateOf(seenPrefill),
  }
  const decode: WorkerRate = {
    requestsPerS: perDecode,
    tokensPerS: perDecode * meanTokens(workload.osl),
    point: seenDecode,
    isPressed: isPressed(seenDecode, points),
    isLimit: isPressed(seenDecode, points) && workers(seenDecode).prefill * perPrefill >= room * rateOf(seenDecode),
  }
  return [
    {
      prefill,
      decode,
      ratio: perDecode / perPrefill,
      rows: rowsOf(points, perPrefill, perDecode),
      best: bestRatio(points, perPrefill, perDecode),
      advice: adviceOf(prefill, decode),
    },
  ]
}

/** TTFT is prefill's objective and ITL decode's; request latency belongs to neither alone. */
function meetsPart(point: MeasuredPoint, role: 'prefill' | 'decode'): boolean {
  const own = role === 'prefill' ? 'ttft_p95_ms' : 'itl_p95_ms'
  return objectives(point).every(objective => objective.figure !== own || objective.met)
}

function fastest(points: readonly MeasuredPoint[]): MeasuredPoint | null {
  return points.toSorted((a, b) => rateOf(b) - rateOf(a))[0] ?? null
}

/**
 * Whether more load was tried and did not help, or had nearly stopped helping (less than a quarter of the load's
 * growth).
 */
function isPressed(point: MeasuredPoint, points: readonly MeasuredPoint[]): boolean {
  const load = (other: MeasuredPoint) => loadValue(other.load.level) ?? 0
  const own = points.filter(other => other.deployment.id === point.deployment.id)
  const heavier = own.filter(other => load(other) > load(point))
  // Loads that are far apart do not show the limit between them, unless more load brought no more.
  if (
    heavier.some(other => load(other) <= closeLoads * load(point) || rateOf(other) <= (1 + tolerance) * rateOf(point))
  )
    return true
  const before = own.filter(other => load(other) < load(point)).toSorted((a, b) => load(b) - load(a))[0]
  if (before === undefined) return false
  return Math.log(rateOf(point) / rateOf(before)) < 0.25 * Math.log(load(point) / load(before))
}

function rowsOf(points: readonly MeasuredPoint[], perPrefill: number, perDecode: number): readonly RateRow[] {
  return [...Map.groupBy(points, point => point.deployment.id).values()].flatMap(own => {
    const best = fastest(own.filter(meetsSlo))
    if (best === null) return []
    const { prefill, decode } = workers(best)
    const [byPrefill, byDecode] = [prefill * perPrefill, decode * perDecode]
    const predicted = Math.min(byPrefill, byDecode)
    const apart = rateOf(best) / predicted - 1
    return [
      {
        label: best.label,
        topology: best.deployment.topology,
        predicted,
        measured: rateOf(best),
        apart,
        parts: Math.abs(apart) > tolerance,
        limit: byPrefill <= byDecode ? ('prefill' as const) : ('decode' as const),
      },
    ]
  })
}

function bestRatio(points: readonly MeasuredPoint[], perPrefill: number, perDecode: number): RateMatching['best'] {
  const measured = new Set(points.map(({ deployment }) => topologyLabel(deployment.topology)))
  const most = largest(points.map(({ gpus }) => gpus))
  const gpusPerWorker = points[0]?.deployment.gpusPerWorker ?? { prefill: 1, decode: 1 }
  let best: { topology: Topology; rate: number; gpus: number } | null = null
  for (let prefill = 1; prefill <= mostWorkers; prefill++)
    for (let decode = 1; decode <= mostWorkers; decode++) {
      const gpus = prefill * gpusPerWorker.prefill + decode * gpusPerWorker.decode
      if (gpus > most) break
      const rate = Math.min(prefill * perPrefill, decode * perDecode) / gpus
      // A larger topology with the same rate per GPU is a multiple of the smaller one.
      const wins =
        best === null || rate > best.rate * (1 + 1e-9) || (rate >= best.rate * (1 - 1e-9) && gpus < best.gpus)
      if (wins) best = { topology: { kind: 'disaggregated', prefill, decode }, rate, gpus }
    }
  const topology = best?.topology ?? { kind: 'disaggregated', prefill: 1, decode: 1 }
  return { topology, requestsPerSPerGpu: best?.rate ?? 0, isMeasured: measured.has(topologyLabel(topology)) }
}

function adviceOf(prefill: WorkerRate, decode: WorkerRate): string | null {
  const unsure = [
    { role: 'prefill', rate: prefill },
    { role: 'decode', rate: decode },
  ].filter(({ rate }) => !rate.isLimit)
  if (unsure.length === 0) return null
  const who = `A ${unsure.map(({ role }) => role).join(' and a ')} worker may handle more than was measured`
  return unsure.some(({ rate }) => !rate.isPressed)
    ? `${who}: add heavier loads.`
    : `${who}, because the other role was nearly full as well: write calibrate: true in the sweep file, or list more uneven topologies.`
}
