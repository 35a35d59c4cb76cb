import { createRandom, defined, FulcrumError } from '../../model/index.ts'
import type { Profile } from '../../simulator/profile.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { figureErrors } from './errors.ts'
import type { FitResult, FitTask } from './fit.ts'
import { fitParameters } from './fit.ts'
import type { FitPoint } from './fit-point.ts'
import { fitPoints, modelledEngine } from './fit-point.ts'
import { rangeOf } from './range.ts'
import type { StartedParts, Twin } from './twin.ts'

/** Inputs for fitting a twin. */
export interface FitOptions {
  /** Initial times; {@link blankProfile} to use only the measured points. */
  readonly profile: Profile
  readonly run: Twin['run']
  readonly fulcrumVersion: string
  /** ISO 8601. */
  readonly fittedAt: string
  /** Seed for choosing the points that are held out together. */
  readonly seed?: number
  /** Variant of all points, and the run's other variants, which were left out. */
  readonly variant?: { readonly name: string; readonly others: readonly string[] }
  readonly started?: StartedParts
}

/** Fits needed for a twin: one to all points, and those that determine its error bands. */
export interface FitPlan {
  readonly whole: FitTask
  /** One for each topology, fitted to all others. */
  readonly topologies: readonly FitTask[]
  /** Points split into parts, each held out once. */
  readonly points: readonly FitTask[]
}

/** Number of parts. */
const parts = 5
/** With fewer points, a fit has more unknowns than observations. */
const fewestPoints = 6

/**
 * Plans the fits of a twin, which can run in any order or in parallel.
 * @throws FulcrumError bad-input `too-few-points`
 */
export function planFits(points: readonly MeasuredPoint[], options: Pick<FitOptions, 'profile' | 'seed'>): FitPlan {
  const { profile, seed = 1 } = options
  const usable = fitPoints(points, profile)
  if (usable.length < fewestPoints)
    throw new FulcrumError(
      'bad-input',
      'too-few-points',
      `A twin needs ${fewestPoints} valid points, there are ${usable.length}`,
      {
        remedy: 'measure more load levels or workloads; traces and invalid points do not count',
      },
    )
  const whole: FitTask = { points: usable, heldOut: [], profile }
  const without = (heldOut: readonly FitPoint[]): FitTask => ({
    points: usable.filter(point => !heldOut.includes(point)),
    heldOut,
    profile,
  })
  const topologies = [...Map.groupBy(usable, point => point.topology).values()]
  return {
    whole,
    topologies: topologies.length < 2 ? [] : topologies.map(without),
    points: dealt(usable, seed).map(without),
  }
}

/** Combines the results of a plan's fits, given in the plan's order. */
export function assembleTwin(
  points: readonly MeasuredPoint[],
  options: FitOptions,
  results: {
    readonly whole: FitResult
    readonly topologies: readonly FitResult[]
    readonly points: readonly FitResult[]
  },
): Twin {
  const usable = points.filter(point => point.status === 'ok' && point.load.level.kind !== 'trace')
  const first = usable[0]
  if (first === undefined) throw new Error('a twin is assembled from the points that it was fitted to')
  const { variant } = options
  const lacking = new Set(usable.flatMap(point => modelledEngine(point.deployment, options.profile).lacking))
  return {
    schema: 1,
    fittedAt: options.fittedAt,
    fulcrumVersion: options.fulcrumVersion,
    run: options.run,
    points: usable.length,
    ...defined({ variant: variant?.name, started: options.started }),
    model: first.deployment.model,
    gpusPerWorker: first.deployment.gpusPerWorker,
    profile: options.profile,
    parameters: results.whole.parameters,
    routing: results.whole.routing,
    range: rangeOf(usable),
    errors: {
      fitted: figureErrors(results.whole.errors),
      heldOutPoints: figureErrors(results.points.flatMap(result => result.heldOutErrors)),
      heldOutTopologies: figureErrors(results.topologies.flatMap(result => result.heldOutErrors)),
    },
    notes: [
      ...(lacking.size === 0 ? [] : [`engine settings that the simulation lacks: ${[...lacking].join(', ')}`]),
      ...(variant === undefined || variant.others.length === 0
        ? []
        : [`fitted to the variant ${variant.name} alone; the run also has ${variant.others.join(', ')}`]),
    ],
  }
}

/**
 * Fits a twin to measured points, one fit after the other. {@link planFits} and {@link assembleTwin} do the same in
 * pieces.
 * @throws FulcrumError bad-input `too-few-points`
 */
export function fitTwin(points: readonly MeasuredPoint[], options: FitOptions): Twin {
  return assembleTwin(points, options, fitPlan(planFits(points, options)))
}

/**
 * All fits of a plan, one after the other. None starts from the result of the fit to all points. It would stay close to
 * the points that it must leave out, and the error bands would be too narrow (p90 3.7% instead of 26% in a run of 8
 * points).
 */
export function fitPlan(plan: FitPlan) {
  const whole = fitParameters(plan.whole)
  return { whole, topologies: plan.topologies.map(fitParameters), points: plan.points.map(fitParameters) }
}

/** Splits points into random parts that each contain points of every topology. */
function dealt(points: readonly FitPoint[], seed: number): readonly (readonly FitPoint[])[] {
  const random = createRandom(seed).fork('parts')
  const shuffled = [...Map.groupBy(points, point => point.topology).values()].flatMap(group =>
    group.map(point => ({ point, rank: random.uniform() })).toSorted((a, b) => a.rank - b.rank),
  )
  return Array.from({ length: Math.min(parts, points.length) }, (_, part) =>
    shuffled.filter((_, index) => index % parts === part).map(({ point }) => point),
  )
}
