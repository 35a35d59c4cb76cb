import type { DeployEvent } from '../deployers/deployer.ts'
import type { LoadProgress } from '../generators/generator.ts'
import type { PointResult } from '../journal/index.ts'
import type { Quality } from '../metrics/quality.ts'
import type { Point } from '../model/index.ts'

/** The progress of a run, independent of its current step. */
export interface Standing {
  /** The current deployment; null before the first. `position` counts from 1. */
  readonly deployment: {
    readonly id: string
    readonly label: string
    readonly position: number
    readonly count: number
  } | null
  /** Points of the plan that have a result, including those of earlier attempts. */
  readonly points: {
    readonly done: number
    readonly count: number
    /** True for a search, which rarely measures all of them. */
    readonly isUpperBound: boolean
  }
  /** Seconds since this attempt began. */
  readonly elapsedS: number
  /** Expected seconds until the last point is done; null if unknown, and in a search. */
  readonly secondsLeft: number | null
}

/** The current step of a run. `deploying` and `measuring` repeat, with or without news. */
export type RunStep =
  | { readonly step: 'deploying'; readonly why: string; readonly event: DeployEvent | null }
  | {
      readonly step: 'deployed'
      readonly workersStarted: number
      readonly workersStopped: number
      readonly tookS: number
    }
  | { readonly step: 'deployment-failed'; readonly reason: string; readonly willRetry: boolean }
  | { readonly step: 'measuring'; readonly point: Point; readonly load: LoadProgress | null }
  | { readonly step: 'measured'; readonly result: PointResult; readonly tookS: number }
  /** Asks questions at the load of a point. `total` is null if unknown. */
  | {
      readonly step: 'checking-quality'
      readonly point: Point
      readonly done: number
      readonly total: number | null
    }
  | {
      readonly step: 'checked-quality'
      readonly point: Point
      /** Null if the check failed; `reason` says why. */
      readonly quality: Quality | null
      readonly reason: string
      readonly tookS: number
    }
  | { readonly step: 'stopping'; readonly reason: string }

/** One progress message of a run. */
export type RunProgress = Standing & RunStep
