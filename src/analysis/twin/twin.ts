import type { Model, Role } from '../../model/index.ts'
import type { Profile } from '../../simulator/profile.ts'
import type { RouterMode } from '../../simulator/routing.ts'
import type { TwinParameters } from './parameters.ts'

/** How far predictions of one figure were from what was measured: relative, e.g. 0.05 for 5 %. */
export interface FigureError {
  /** Predictions that could be held against a measurement. */
  readonly count: number
  /** Of the absolute relative error. */
  readonly median: number
  readonly p90: number
  /** Median of the signed one: above 0 when predicted too high. */
  readonly bias: number
}

/** By figure name (points.csv); a figure that no point has is absent. */
export type FigureErrors = { readonly [figure: string]: FigureError }

/** What was measured, and hence what predictions rest on: lowest and highest. */
export interface MeasuredRange {
  readonly topologies: readonly string[]
  /** Of workers a role; absent for roles that were never measured. */
  readonly workers: { readonly [role in Role]?: readonly [number, number] }
  readonly isl: readonly [number, number]
  readonly osl: readonly [number, number]
  /** Of requests in flight for each worker that decodes. */
  readonly inFlightPerWorker: readonly [number, number]
  readonly loads: readonly string[]
  /** Engine settings as canonical JSON, by role. */
  readonly engine: { readonly [role in Role]?: readonly string[] }
}

/** What the parts of a measured deployment were started with, as short ids: equal for parts that are alike. */
export interface StartedParts {
  /** Ids of two deployers say nothing of each other. */
  readonly deployer: string
  readonly frontend: string
  readonly workers: { readonly [role in Role]: string }
}

/** A simulated deployment that was fitted to a measured one. */
export interface Twin {
  readonly schema: 1
  /** ISO 8601. */
  readonly fittedAt: string
  readonly fulcrumVersion: string
  /** The run that it was fitted to; null when the points came from elsewhere. */
  readonly run: { readonly sweep: string; readonly runId: string; readonly folder: string } | null
  readonly points: number
  /** The variant of the run that it was fitted to; absent where the run has none. */
  readonly variant?: string
  /** Absent when the run's sweep can't be read any more, and in twins of earlier versions. */
  readonly started?: StartedParts
  readonly model: Model
  readonly gpusPerWorker: { readonly [role in Role]: number }
  /** Times before the fit; its name is `none` when the measured points were all there was. */
  readonly profile: Profile
  readonly parameters: TwinParameters
  readonly routing: RouterMode
  readonly range: MeasuredRange
  readonly errors: {
    /** On the points that it was fitted to: flattering by nature. */
    readonly fitted: FigureErrors
    /** On points that were left out of a fit, at topologies that were not. */
    readonly heldOutPoints: FigureErrors
    /** On topologies that were left out whole; empty with one topology. */
    readonly heldOutTopologies: FigureErrors
  }
  /** Engine settings that the simulation lacks, and other things to know. */
  readonly notes: readonly string[]
}
