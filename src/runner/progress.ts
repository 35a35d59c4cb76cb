import type { DeployEvent } from '../deployers/deployer.ts'
import type { LoadProgress } from '../generators/generator.ts'
import type { PointResult } from '../journal/index.ts'
import type { Quality } from '../metrics/quality.ts'
import type { Point } from '../model/index.ts'

/** Where a run stands, whatever it does at the moment. */
export interface Standing {
  /** The deployment at work; null before the first. `position` counts from 1. */
  readonly deployment: {
    readonly id: string
    readonly label: string
    readonly position: number
    readonly count: number
  } | null
  /** Points of the plan that have a result, those of earlier attempts included. */
  readonly points: {
    readonly done: number
    readonly count: number
    /** A search rarely measures all of them. */
    readonly isUpperBound: boolean
  }
  /** Seconds since this attempt began. */
  readonly elapsedS: number
  /** Expected seconds until the last point is done; null while nothing is known, and in a search. */
  readonly secondsLeft: number | null
}

/** What a run does. `deploying` and `measuring` come many times, with and without news. */
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
  /** Questions are asked at the load of a point. `total` is null where nobody knows it. */
  | {
      readonly step: 'checking-quality'
      readonly point: Point
      readonly done: number
      readonly total: number | null
    }
  | {
      readonly step: 'checked-quality'
      readonly point: Point
      /** Null when it could not be checked, with the reason. */
      readonly quality: Quality | null
      readonly reason: string
      readonly tookS: number
    }
  | { readonly step: 'stopping'; readonly reason: string }

/** One message to whoever watches a run. */
export type RunProgress = Standing & RunStep
