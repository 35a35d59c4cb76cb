import type { Profile } from '../../simulator/profile.ts'
import type { RouterMode } from '../../simulator/routing.ts'
import type { Simulation } from '../../simulator/simulate.ts'
import { simulate } from '../../simulator/simulate.ts'
import type { PointErrors } from './errors.ts'
import { pointErrors } from './errors.ts'
import type { FitPoint } from './fit-point.ts'
import { descend, type Minimisation, polish, robustLoss } from './minimise.ts'
import type { TwinParameters } from './parameters.ts'
import { fittedProfile, parameterSpace } from './parameters.ts'
import { startOf } from './start.ts'

/** Input of one fit; plain data that can be sent to a thread. */
export interface FitTask {
  readonly points: readonly FitPoint[]
  /** Points for testing the fit afterwards. */
  readonly heldOut: readonly FitPoint[]
  readonly profile: Profile
  /** Initial parameters; default: the profile, or an estimate from the lightest loads. */
  readonly start?: TwinParameters
  readonly iterations?: number
}

/** Result of one fit. */
export interface FitResult {
  readonly parameters: TwinParameters
  readonly routing: RouterMode
  /** Errors at the fitted points, in order, and then at those held out. */
  readonly errors: readonly PointErrors[]
  readonly heldOutErrors: readonly PointErrors[]
  readonly loss: number
}

/** Figures to fit and their weights. A p95 depends on fewer samples than a p50. */
const targets: { readonly [figure: string]: number } = {
  ttft_p50_ms: 1,
  ttft_p95_ms: 0.4,
  itl_p50_ms: 1,
  output_tokens_per_s: 1,
}
/**
 * Log-ratio above which a point counts as an outlier, so that one wrong point does not distort the fit of all others.
 */
const outlier = 0.08
/**
 * Weight of a parameter's distance from its start, in steps: just enough to hold parameters that no point determines.
 */
const attachment = 0.004
/** Relative improvement of the loss needed to prefer another routing over the default. */
const routingGain = 0.1

/** Maximum points in the search: more take time without improving the fit. All points count for its errors. */
const mostPoints = 54

/** Simulates a point with given parameters. */
export function simulateFitted(
  point: FitPoint['simulated'],
  profile: Profile,
  parameters: TwinParameters,
  routing: RouterMode,
): Simulation {
  return simulate({ ...point, routing }, fittedProfile(profile, parameters))
}

/**
 * Fits a simulated deployment to measured points: minimizes the log ratios of predicted to measured TTFT, ITL and
 * throughput. Deterministic.
 */
export function fitParameters(task: FitTask): FitResult {
  const { points, heldOut, profile } = task
  const hasProfile = profile.name !== 'none'
  const hasDisaggregated = points.some(point => point.deployment.topology.kind === 'disaggregated')
  const space = parameterSpace(hasProfile, hasDisaggregated)
  const first = startOf(points, hasProfile)
  const begin = task.start ?? first
  const used = spread(points, mostPoints)
  const withValues = (values: readonly number[]): TwinParameters => ({
    ...begin,
    ...Object.fromEntries(space.map(({ name }, index) => [name, values[index] ?? begin[name]])),
  })
  const residualsOf = rememberedResiduals(profile)
  const residualsBy = (routing: RouterMode) => (values: readonly number[]) => {
    const parameters = withValues(values)
    const apart = used.flatMap(point => residualsOf(point, parameters, routing))
    const held = space.map(({ name, step }, index) => (attachment * ((values[index] ?? 0) - first[name])) / step)
    return [...apart, ...held]
  }
  const search = (start: TwinParameters, iterations: number): Minimisation => ({
    residuals: residualsBy('round-robin'),
    start: space.map(({ name }) => start[name]),
    low: space.map(({ low }) => low),
    high: space.map(({ high }) => high),
    step: space.map(({ step }) => step),
    outlier,
    iterations,
  })

  const iterations = task.iterations ?? 2
  const lowest = starts(begin, hasDisaggregated)
    .map(start => descend(search(start, iterations)))
    .reduce((a, b) => (b.loss < a.loss ? b : a))
  const found = polish(search(begin, 0), lowest)
  const otherLoss = robustLoss(residualsBy('least-loaded')(found.values), outlier)
  const routing = otherLoss < found.loss * (1 - routingGain) ? 'least-loaded' : 'round-robin'
  const parameters = withValues(found.values)
  const errorsOf = (point: FitPoint) =>
    pointErrors(point, simulateFitted(point.simulated, profile, parameters, routing))
  return {
    parameters,
    routing,
    errors: points.map(errorsOf),
    heldOutErrors: heldOut.map(errorsOf),
    loss: found.loss,
  }
}

/** Residuals of a point: weighted log ratios of its targets, in the same number for every point. */
function pointResiduals(point: FitPoint, profile: Profile, parameters: TwinParameters, routing: RouterMode): number[] {
  const errors = pointErrors(point, simulateFitted(point.simulated, profile, parameters, routing))
  return Object.entries(targets).map(([figure, weight]) => {
    const relative = errors[figure]
    // A figure that the simulation lacks, because nothing was answered, gets the maximum residual. A figure that was
    // not measured is ignored.
    if (relative === undefined) return point.measured[figure] === undefined ? 0 : weight * 3
    return weight * Math.log(Math.max(1e-3, 1 + relative))
  })
}

/** {@link pointResiduals}, simulated once for parameters that differ only where the point does not depend on them. */
function rememberedResiduals(profile: Profile) {
  const known = new Map<FitPoint, Map<string, readonly number[]>>()
  return (point: FitPoint, parameters: TwinParameters, routing: RouterMode): readonly number[] => {
    const isAggregated = point.deployment.topology.kind === 'aggregated'
    const told = isAggregated ? { ...parameters, firstChunkMs: 0, transferLatencyMs: 0 } : parameters
    const key = `${routing} ${Object.values(told).join(' ')}`
    const own = known.get(point) ?? new Map<string, readonly number[]>()
    known.set(point, own)
    const residuals = own.get(key) ?? pointResiduals(point, profile, told, routing)
    own.set(key, residuals)
    return residuals
  }
}

/** A delayed first chunk and a slow transfer can be mistaken for each other, so the fit starts from both. */
function starts(begin: TwinParameters, hasDisaggregated: boolean): readonly TwinParameters[] {
  return hasDisaggregated ? [begin, { ...begin, firstChunkMs: 45 }] : [begin]
}

/** Selects this many points, spread evenly over topologies, workloads and loads in the given order. */
function spread(points: readonly FitPoint[], most: number): readonly FitPoint[] {
  if (points.length <= most) return points
  return Array.from({ length: most }, (_, index) => points[Math.floor((index * points.length) / most)]).filter(
    point => point !== undefined,
  )
}
