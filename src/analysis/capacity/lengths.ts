import { canonicalJson, largest, meanTokens } from '../../model/index.ts'
import type { CapacityPoint } from './point.ts'
import type { PredictCurve } from './predicted-curve.ts'
import type { RequestClass } from './question.ts'
import { type LatencyMetric, type Reading, type ResponseCurve, responseCurve } from './response.ts'
import { scaledCurve } from './scaled-curve.ts'

/** The curve of one deployment for one kind of request, and what it rests on. */
export interface ClassCurve {
  readonly curve: ResponseCurve
  /** The measured workload that it comes from. */
  readonly workload: string
  /** Null when that workload has these lengths; else how its curve was carried over, in a sentence. */
  readonly carriedOver: string | null
}

/** Lengths this near are the same. */
const same = 0.02

interface MeasuredWorkload {
  readonly name: string
  readonly isl: number
  readonly osl: number
  readonly curve: ResponseCurve
}

/** Looks up what a deployment was measured to do for requests of some lengths. */
export type CurveOf = (wanted: Pick<RequestClass, 'isl' | 'osl'>) => ClassCurve | null

/**
 * The curves of one deployment's points, by the lengths of requests. Where a length was not measured, a twin predicts
 * them at the loads of the nearest workload; without one, that workload stands in, made dearer by what its tokens cost:
 *
 * - work, by the time that a token of input and of output take, when two or more workloads give both; else by the
 *   larger of the two ratios of length;
 * - TTFT with the input, ITL with the context, latency with both; never below what was measured.
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

/** By the points of a deployment: the same ones are asked again for every assumption. */
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

/** Seconds of a replica at its busiest that a token takes. */
interface TokenCosts {
  readonly input: number
  readonly output: number
}

/**
 * The two costs that explain the time a request takes of a replica at full throughput, 1 / requests/s, by relative
 * least squares over the workloads; null when they can't be told apart or one would be below 0.
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
  // Workloads of one ISL:OSL ratio say only what the two cost together.
  if (rows.length < 2 || determinant <= 1e-3 * ii * oo) return null
  const input = (iy * oo - oy * io) / determinant
  const output = (ii * oy - io * iy) / determinant
  return input > 0 && output > 0 ? { input, output } : null
}
