import type { Profile } from '../../simulator/profile.ts'
import type { RouterMode } from '../../simulator/routing.ts'
import type { Simulation } from '../../simulator/simulate.ts'
import { simulate } from '../../simulator/simulate.ts'
import type { PointErrors } from './errors.ts'
import { pointErrors } from './errors.ts'
import type { FitPoint } from './fit-point.ts'
import { minimise, robustLoss } from './minimise.ts'
import type { TwinParameters } from './parameters.ts'
import { fittedProfile, parameterSpace } from './parameters.ts'
import { startOf } from './start.ts'

/** What one fit is made of; plain data, so that a thread can be asked for it. */
export interface FitTask {
  readonly points: readonly FitPoint[]
  /** Points that it is held against afterwards. */
  readonly heldOut: readonly FitPoint[]
  readonly profile: Profile
  /** Where to begin; the profile, or what the lightest loads say, when absent. */
  readonly start?: TwinParameters
  readonly iterations?: number
}

export interface FitResult {
  readonly parameters: TwinParameters
  readonly routing: RouterMode
  /** Of the points that it was fitted to, in their order, then of those held out. */
  readonly errors: readonly PointErrors[]
  readonly heldOutErrors: readonly PointErrors[]
  readonly loss: number
}

/** Figures that a fit goes by, and how much each counts. A p95 rests on fewer samples than a p50. */
const targets: { readonly [figure: string]: number } = {
  ttft_p50_ms: 1,
  ttft_p95_ms: 0.4,
  itl_p50_ms: 1,
  output_tokens_per_s: 1,
}
/** Log-ratio above which a point counts as an outlier: a point beside the truth must not bend all others. */
const outlier = 0.08
/** How much a parameter's distance from its start counts, in steps: enough to hold what no point can tell. */
const attachment = 0.004
/** Relative gain of the loss for which another routing than the default is believed. */
const routingGain = 0.1

/** Points that steer a fit; more cost time and teach little. All of them count for its errors. */
const mostPoints = 54

/** Simulates a point under some parameters. */
export function simulateFitted(
  point: FitPoint['simulated'],
  profile: Profile,
  parameters: TwinParameters,
  routing: RouterMode,
): Simulation {
  return simulate({ ...point, routing }, fittedProfile(profile, parameters))
}

/**
 * Fits a simulated deployment to measured points: the parameters under which log ratios of predicted to measured TTFT,
 * ITL and throughput are least. The same points give the same fit.
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

  const residualsBy = (routing: RouterMode) => (values: readonly number[]) => {
    const parameters = withValues(values)
    const apart = used.flatMap(point => {
      const errors = pointErrors(point, simulateFitted(point.simulated, profile, parameters, routing))
      return Object.entries(targets).map(([figure, weight]) => {
        const relative = errors[figure]
        // A figure that the simulation lacks (nothing answered) is as far off as can be; one that was not measured is
        // no matter.
        if (relative === undefined) return point.measured[figure] === undefined ? 0 : weight * 3
        return weight * Math.log(Math.max(1e-3, 1 + relative))
      })
    })
    const held = space.map(({ name, step }, index) => (attachment * ((values[index] ?? 0) - first[name])) / step)
    return [...apart, ...held]
  }
  const search = (start: TwinParameters, iterations: number) =>
    minimise({
      residuals: residualsBy('round-robin'),
      start: space.map(({ name }) => start[name]),
      low: space.map(({ low }) => low),
      high: space.map(({ high }) => high),
      step: space.map(({ step }) => step),
      outlier,
      iterations,
    })

  const iterations = task.iterations ?? 6
  const found = starts(begin, hasDisaggregated)
    .map(start => search(start, iterations))
    .reduce((a, b) => (b.loss < a.loss ? b : a))
  const lossOf = (routing: RouterMode) => robustLoss(residualsBy(routing)(found.values), outlier)
  const routing = lossOf('least-loaded') < lossOf('round-robin') * (1 - routingGain) ? 'least-loaded' : 'round-robin'
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

/** A held-back first chunk can be taken for a slow transfer and the other way round: both are tried. */
function starts(begin: TwinParameters, hasDisaggregated: boolean): readonly TwinParameters[] {
  return hasDisaggregated ? [begin, { ...begin, firstChunkMs: 45 }] : [begin]
}

/** So many points, evenly over topologies, workloads and loads as they come. */
function spread(points: readonly FitPoint[], most: number): readonly FitPoint[] {
  if (points.length <= most) return points
  return Array.from({ length: most }, (_, index) => points[Math.floor((index * points.length) / most)]).filter(
    point => point !== undefined,
  )
}
