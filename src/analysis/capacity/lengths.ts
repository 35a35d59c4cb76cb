import { canonicalJson, largest, meanTokens } from '../../model/index.ts'
import type { CapacityPoint } from './point.ts'
import type { PredictCurve } from './predicted-curve.ts'
import type { RequestClass } from './question.ts'
import { type LatencyMetric, type Reading, type ResponseCurve, responseCurve } from './response.ts'
import { scaledCurve } from './scaled-curve.ts'

/** Curve of one deployment for one kind of request, and its source. */
export interface ClassCurve {
  readonly curve: ResponseCurve
  /** Measured workload that it comes from. */
  readonly workload: string
  /** Null if that workload has these lengths; otherwise how the curve was adjusted, in a sentence. */
  readonly carriedOver: string | null
}

/** Relative tolerance within which lengths are the same. */
const same = 0.02

interface MeasuredWorkload {
  readonly name: string
  readonly isl: number
  readonly osl: number
  readonly curve: ResponseCurve
}

/** Returns a deployment's curve for requests of given lengths. */
export type CurveOf = (wanted: Pick<RequestClass, 'isl' | 'osl'>) => ClassCurve | null

/**
 * Curves of one deployment's points by the lengths of requests. For lengths that were not measured, a twin predicts the
 * curve at the loads of the nearest workload. Without a twin, the curve of that workload is scaled:
 *
 * - work by the time per input and output token if two or more workloads determine both, otherwise by the larger of the
 *   two ratios of length;
 * - TTFT with the input, ITL with the context, request latency with both; never below the measured value.
 */
export function curvesOf(
  points: readonly CapacityPoint[],
  predict: PredictCurve | null,
  reading: Reading = 'mean',
): CurveOf {
  const { measured, costs, carried } = measuredCurves(points, reading)
  return wanted => {
    const near = nearest(measured, wanted)
    if (near === undefined) return null
    const [input, output] = [wanted.isl / near.isl, wanted.osl / near.osl]
    if (Math.abs(input - 1) <= same && Math.abs(output - 1) <= same)
      return { curve: near.curve, workload: near.name, carriedOver: null }
    const predicted = predict?.(near.curve, wanted) ?? null
    if (predicted !== null)
      return {
        curve: predicted,
        workload: near.name,
        carriedOver: `not measured: predicted by the twin at the loads of ${near.name}`,
      }
    const key = `${wanted.isl} ${wanted.osl}`
    const before = carried.get(key)
    if (before !== undefined) return before
    const larger = Math.max(input, output)
    const work =
      costs === null
        ? larger
        : (costs.input * wanted.isl + costs.output * wanted.osl) / (costs.input * near.isl + costs.output * near.osl)
    const context = (wanted.isl + wanted.osl / 2) / (near.isl + near.osl / 2)
    const factors = {
      work,
      ttftMs: Math.max(1, input),
      itlMs: Math.max(1, context),
      requestLatencyMs: Math.max(1, larger),
    } satisfies { readonly work: number } & { readonly [metric in LatencyMetric]: number }
    const by = costs === null ? 'by the larger ratio of lengths' : 'by what a token of input and of output cost'
    const made = {
      curve: scaledCurve(near.curve, factors),
      workload: near.name,
      carriedOver: `not measured: ${near.name} made ${work.toFixed(2)} times as dear, ${by}`,
    }
    if (carried.size >= mostCarried) carried.clear()
    carried.set(key, made)
    return made
  }
}

interface MeasuredCurves {
  readonly measured: readonly MeasuredWorkload[]
  readonly costs: TokenCosts | null
  /** Curves for lengths that were not measured, without a twin. */
  readonly carried: Map<string, ClassCurve>
}

const mostCarried = 100

/** Cache by the points of a deployment, because every assumption needs the same curves. */
const known = { mean: new WeakMap<object, MeasuredCurves>(), cautious: new WeakMap<object, MeasuredCurves>() }

function measuredCurves(points: readonly CapacityPoint[], reading: Reading): MeasuredCurves {
  const found = known[reading].get(points)
  if (found !== undefined) return found
  const measured = [...Map.groupBy(points, ({ workload }) => canonicalJson(workload)).values()].flatMap(alike => {
    const [first] = alike
    const curve = responseCurve(alike, reading)
    if (first === undefined || curve === null) return []
    const { name, isl, osl } = first.workload
    return [{ name, isl: meanTokens(isl), osl: meanTokens(osl), curve }]
  })
  const made = { measured, costs: tokenCosts(measured), carried: new Map<string, ClassCurve>() }
  known[reading].set(points, made)
  return made
}

function nearest(
  measured: readonly MeasuredWorkload[],
  { isl, osl }: Pick<RequestClass, 'isl' | 'osl'>,
): MeasuredWorkload | undefined {
  const distance = (other: MeasuredWorkload) => Math.hypot(Math.log(isl / other.isl), Math.log(osl / other.osl))
  return measured.toSorted((a, b) => distance(a) - distance(b))[0]
}

/** Seconds of a fully loaded replica's time per token. */
interface TokenCosts {
  readonly input: number
  readonly output: number
}

/**
 * Costs per input and output token that explain a replica's time per request at full throughput, 1 / requests/s, by
 * relative least squares over the workloads. Null if they cannot be distinguished or one would be negative.
 */
function tokenCosts(measured: readonly MeasuredWorkload[]): TokenCosts | null {
  const rows = measured.map(({ isl, osl, curve }) => {
    const requestsPerS = largest(curve.steps.map(step => step.requestsPerS))
    return [isl * requestsPerS, osl * requestsPerS] as const
  })
  const sum = (of: (row: readonly [number, number]) => number) => rows.reduce((total, row) => total + of(row), 0)
  const [ii, io, oo] = [sum(([i]) => i * i), sum(([i, o]) => i * o), sum(([, o]) => o * o)]
  const [iy, oy] = [sum(([i]) => i), sum(([, o]) => o)]
  const determinant = ii * oo - io * io
  // Workloads with the same ISL:OSL ratio only determine the combined cost.
  if (rows.length < 2 || determinant <= 1e-3 * ii * oo) return null
  const input = (iy * oo - oy * io) / determinant
  const output = (ii * oy - io * iy) / determinant
  return input > 0 && output > 0 ? { input, output } : null
}
