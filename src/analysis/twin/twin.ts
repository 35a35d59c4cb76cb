import type { Model, Role } from '../../model/index.ts'
import type { Profile } from '../../simulator/profile.ts'
import type { RouterMode } from '../../simulator/routing.ts'
import type { TwinParameters } from './parameters.ts'

/** Relative errors of one figure's predictions, for example 0.05 for 5%. */
export interface FigureError {
  /** Predictions that could be compared with a measurement. */
  readonly count: number
  /** Median of the absolute relative error. */
  readonly median: number
  readonly p90: number
  /** Median of the signed relative error: positive if predictions are too high. */
  readonly bias: number
}

/** By figure name (points.csv); figures that no point has are absent. */
export type FigureErrors = { readonly [figure: string]: FigureError }

/** Measured range, lowest and highest, on which predictions rely. */
export interface MeasuredRange {
  readonly topologies: readonly string[]
  /** Number of workers by role; absent for roles that were never measured. */
  readonly workers: { readonly [role in Role]?: readonly [number, number] }
  readonly isl: readonly [number, number]
  readonly osl: readonly [number, number]
  /** Requests in flight per decoding worker. */
  readonly inFlightPerWorker: readonly [number, number]
  readonly loads: readonly string[]
  /** Engine settings as canonical JSON, by role. */
  readonly engine: { readonly [role in Role]?: readonly string[] }
}

/** Ids of how the parts of a measured deployment were started. Equal ids mean parts started alike. */
export interface StartedParts {
  /** Ids of different deployers cannot be compared. */
  readonly deployer: string
  readonly frontend: string
  readonly workers: { readonly [role in Role]: string }
}

/** A simulated deployment fitted to a measured one. */
export interface Twin {
  readonly schema: 1
  /** ISO 8601. */
  readonly fittedAt: string
  readonly fulcrumVersion: string
  /** Run to which it was fitted; null if the points came from elsewhere. */
  readonly run: { readonly sweep: string; readonly runId: string; readonly folder: string } | null
  readonly points: number
  /** Variant of the run to which it was fitted; absent if the run has none. */
  readonly variant?: string
  /** Absent if the run's sweep can no longer be read, and in twins of earlier versions. */
  readonly started?: StartedParts
  readonly model: Model
  readonly gpusPerWorker: { readonly [role in Role]: number }
  /** Initial times of the fit; the name is `none` if only measured points were used. */
  readonly profile: Profile
  readonly parameters: TwinParameters
  readonly routing: RouterMode
  readonly range: MeasuredRange
  readonly errors: {
    /** Errors at the fitted points, which are optimistic. */
    readonly fitted: FigureErrors
    /** Errors at points held out of a fit that included their topology. */
    readonly heldOutPoints: FigureErrors
    /** Errors on topologies held out completely; empty with one topology. */
    readonly heldOutTopologies: FigureErrors
  }
  /** Engine settings that the simulation does not model, and other notes. */
  readonly notes: readonly string[]
}
