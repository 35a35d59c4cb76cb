import { type Cell, isOneEach } from './cells.ts'
import { type Estimated, kriging } from './kriging.ts'
import { type Observation, over } from './observe.ts'
import { type Trend, trendOf } from './trend.ts'

/** Predicted results of an unmeasured cell, with uncertainty. */
export interface Predicted {
  /** Output tokens/s per user. */
  readonly x: number
  /** Output tokens/s per GPU. */
  readonly y: number
  readonly requestsPerS: number
  /** Logarithm of the largest ratio of an objective's value to its limit; −∞ without an SLO. */
  readonly sloRatio: Estimated
  /** Whether the throughput bound decides, rather than the load. */
  readonly isBounded: boolean
}

/** Predicts cells of one workload; null if one of a cell's pools is unknown. */
export type Predictor = (cell: Cell) => Predicted | null

/** Predicted quantities, as logarithms. */
const quantities = ['x', 'rate', 'ttft', 'ttfo', 'itl', 'latency'] as const
type Logs = { readonly [quantity in (typeof quantities)[number]]: number }

/**
 * Expected deviation of each quantity from the trend before any measurement, as the standard deviation of its
 * logarithm.
 */
const expected = [0.02, 0.03, 0.3, 0.3, 0.1, 0.1]

/** @param seen observations of one workload */
export function predictor(seen: readonly Observation[]): Predictor {
  const trend = trendOf(seen)
  const trends = seen.map(o => trend(o.cell))
  const residuals = seen.map((o, i) => strayOf(o, trends[i] ?? null))
  const estimate = kriging(
    seen.map(o => featuresOf(o.cell)),
    quantities.map(quantity => residuals.map(residual => residual[quantity])),
    expected,
    kernel,
  )
  const idleRatio = idleRatioOf(seen)
  return rememberedByCell(cell => {
    const there = trend(cell)
    if (there === null) return null
    const found = estimate(featuresOf(cell))
    const of = (quantity: (typeof quantities)[number]) =>
      found[quantities.indexOf(quantity)] ?? { mean: 0, deviation: 0 }
    const logs = logsOf(there)
    const requestsPerS = Math.exp(logs.rate + of('rate').mean)
    const p95 = {
      ttftS: Math.exp(logs.ttft + of('ttft').mean),
      ttfoS: Math.exp(logs.ttfo + of('ttfo').mean),
      itlS: Math.exp(logs.itl + of('itl').mean),
      latencyS: Math.exp(logs.latency + of('latency').mean),
    }
    const sure = { ttft: of('ttft'), ttfo: of('ttfo'), itl: of('itl'), latency: of('latency') }
    return {
      x: Math.exp(logs.x + of('x').mean),
      y: (requestsPerS * there.osl) / cell.gpus,
      requestsPerS,
      sloRatio: atLeast(sloRatioEstimate(cell, p95, sure), idleRatio(cell)),
      isBounded: there.isBounded,
    }
  })
}

/** Share of an idle worker's SLO ratio that loaded workers of its kind are certain to reach; the rest may be noise. */
const surely = 0.9

/**
 * Lower bound of a cell's SLO ratio: no load makes workers faster than one request each does, however many they are. 0
 * without such a measurement, and where requests differ, because the few of a light load may be the slow ones.
 */
function idleRatioOf(seen: readonly Observation[]): (cell: Cell) => number {
  const kindsOf = ({ prefill, decode }: Cell) => `${prefill.kind} ${decode.kind}`
  const least = new Map<string, number>()
  for (const { cell, sloRatio } of seen) {
    if (!isOneEach(cell) || !areRequestsAlike(cell) || !Number.isFinite(sloRatio)) continue
    const kinds = kindsOf(cell)
    least.set(kinds, Math.min(least.get(kinds) ?? Number.POSITIVE_INFINITY, surely * sloRatio))
  }
  return cell => least.get(kindsOf(cell)) ?? 0
}

/** Whether all requests are equally long and none finds its prompt in a cache. */
function areRequestsAlike({ repeats }: Cell): boolean {
  const workload = repeats[0]?.workload
  if (workload === undefined) return false
  const { isl, osl, prefix, datasetFile, conversation } = workload
  const isPlain = prefix === undefined && datasetFile === undefined && conversation === undefined
  return isPlain && isl.kind === 'fixed' && osl.kind === 'fixed'
}

/** Raises an estimate of the logarithm of a ratio to a bound that exceeds the SLO. */
function atLeast(estimate: Estimated, bound: number): Estimated {
  const log = Math.log(bound)
  return log <= 0 || estimate.mean - estimate.deviation >= log
    ? estimate
    : { mean: Math.max(log, estimate.mean), deviation: 0 }
}

/** Caches predictions: a decision needs each cell several times. */
function rememberedByCell(predict: Predictor): Predictor {
  const known = new Map<number, Predicted | null>()
  return cell => {
    const before = known.get(cell.index)
    if (before !== undefined) return before
    const predicted = predict(cell)
    known.set(cell.index, predicted)
    return predicted
  }
}

function logsOf({ requestsPerS, itlS, tokenS, ttftS, ttftP95S, osl }: Trend): Logs {
  return {
    x: -Math.log(tokenS),
    rate: Math.log(requestsPerS),
    ttft: Math.log(ttftP95S),
    // The share of reasoning in an answer is unknown; observations show how far it is from half.
    ttfo: Math.log(ttftP95S + (osl * itlS) / 2),
    itl: Math.log(itlS),
    latency: Math.log(Math.max(ttftS, ttftP95S) + osl * itlS),
  }
}

function strayOf(o: Observation, trend: Trend | null): Logs {
  if (trend === null) return { x: 0, rate: 0, ttft: 0, ttfo: 0, itl: 0, latency: 0 }
  const logs = logsOf(trend)
  const from = (seconds: number | null, log: number) => (seconds === null || seconds <= 0 ? 0 : Math.log(seconds) - log)
  return {
    x: Math.log(o.x) - logs.x,
    rate: Math.log(o.requestsPerS) - logs.rate,
    ttft: from(o.p95.ttftS, logs.ttft),
    ttfo: from(o.p95.ttfoS, logs.ttfo),
    itl: from(o.p95.itlS, logs.itl),
    latency: from(o.p95.latencyS, logs.latency),
  }
}

/** The objective with the largest ratio determines the uncertainty of the estimate. */
function sloRatioEstimate(
  cell: Cell,
  p95: { readonly ttftS: number; readonly ttfoS: number; readonly itlS: number; readonly latencyS: number },
  sure: { readonly [quantity in 'ttft' | 'ttfo' | 'itl' | 'latency']: Estimated },
): Estimated {
  const slo = cell.repeats[0]?.slo ?? {}
  const { ttftP95Ms, ttfoP95Ms, itlP95Ms, requestLatencyP95Ms } = slo
  const alone = [
    { over: over(p95.ttftS, ttftP95Ms), by: sure.ttft },
    { over: over(p95.ttfoS, ttfoP95Ms), by: sure.ttfo },
    { over: over(p95.itlS, itlP95Ms), by: sure.itl },
    { over: over(p95.latencyS, requestLatencyP95Ms), by: sure.latency },
  ]
  const worst = alone.reduce((a, b) => (b.over > a.over ? b : a))
  return {
    mean: Math.log(worst.over),
    get deviation() {
      return worst.by.deviation
    },
  }
}

/**
 * Position of a cell for kriging, with loads as logarithms. Up to one request per worker, requests do not wait for each
 * other, so all these loads are equal.
 */
interface Features {
  readonly deployment: string
  readonly prefillKind: string
  readonly decodeKind: string
  readonly load: number
  readonly perPrefill: number
  readonly perDecode: number
}

function featuresOf({ planned, prefill, decode, load, kind }: Cell): Features {
  const log = Math.log(load ?? 1)
  const least = kind === 'concurrency' ? 0 : Number.NEGATIVE_INFINITY
  return {
    deployment: planned.deployment.id,
    prefillKind: prefill.kind,
    decodeKind: decode.kind,
    load: log,
    perPrefill: Math.max(least, log - Math.log(prefill.workers)),
    perDecode: Math.max(least, log - Math.log(decode.workers)),
  }
}

const bell = (squares: number) => Math.exp(-squares / 2)

/**
 * Deployments of similar workers at similar loads have correlated residuals, those of one deployment more so; and so do
 * all at one load, which share its prompts.
 */
function kernel(a: Features, b: Features): number {
  const kinds = (a.prefillKind === b.prefillKind ? 1 : 0.5) * (a.decodeKind === b.decodeKind ? 1 : 0.5)
  const [prefill, decode] = [a.perPrefill - b.perPrefill, a.perDecode - b.perDecode]
  const shared = kinds * bell(prefill ** 2 + decode ** 2)
  const own = a.deployment === b.deployment ? bell((Math.max(Math.abs(prefill), Math.abs(decode)) / 0.8) ** 2) : 0
  const prompts = a.load === b.load ? 1 : 0
  return 0.5 * shared + 0.35 * own + 0.15 * prompts
}
