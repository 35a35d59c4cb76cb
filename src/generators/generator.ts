import type { Measurement } from '../metrics/measurement.ts'
import type { IsBeaten } from '../metrics/stopping/stop.ts'
import type { Endpoint, Point } from '../model/index.ts'

/** Progress of a measurement, reported a few times per second at most. */
export interface LoadProgress {
  readonly phase: 'preparing' | 'warm-up' | 'measuring' | 'draining' | 'summarising'
  readonly done: number
  /** Total requests (or seconds); null if unknown. */
  readonly total: number | null
  /** Values observed so far; absent if the generator only reports at the end. */
  readonly soFar?: LoadSoFar
}

/** Values of a point that the generator has observed so far. They are not results. */
export interface LoadSoFar {
  /** Requests in flight; null if unknown. */
  readonly inFlight: number | null
  /** Output tokens that have arrived, including those of the warm-up; null if they are not counted. */
  readonly tokens: number | null
  /** Measured requests that failed. */
  readonly failed: number
  /** Of measured requests; null before the first. */
  readonly ttftMs: LatencySoFar | null
  readonly itlMs: LatencySoFar | null
}

/** Percentiles, ms. */
export interface LatencySoFar {
  readonly p50: number
  readonly p95: number
}

/** Context of a measurement: where to write files, and how to report progress. */
export interface MeasureContext {
  readonly signal: AbortSignal
  /** Folder of the point for raw records, created on first use. */
  readonly folder: string
  onProgress(progress: LoadProgress): void
  /**
   * Ends a point with `requests: auto` at the first look at which it can no longer win; by default, no point ends for
   * this reason.
   */
  readonly isBeaten?: IsBeaten
}

/**
 * Loads an endpoint according to a point, and returns the measurement.
 *
 * @example
 * ```ts
 * import type { LoadGenerator, Point } from 'fulcrum'
 *
 * // Wraps another generator and reports which points are measured.
 * export const telling = (inner: LoadGenerator, tell: (point: Point) => void): LoadGenerator => ({
 *   measure: (point, endpoint, context) => {
 *     tell(point)
 *     return inner.measure(point, endpoint, context)
 *   },
 *   close: () => inner.close(),
 * })
 * ```
 */
export interface LoadGenerator {
  /**
   * Finds what the generator needs, such as its program. Called before each deployment, because workers take minutes to
   * start. May be absent.
   * @throws FulcrumError (environment) if something is missing
   */
  prepare?(): Promise<void>
  /**
   * Resolves even if every request failed, because failures are counted and not thrown.
   * @throws the signal's reason when aborted; a FulcrumError if the generator itself could not run
   */
  measure(point: Point, endpoint: Endpoint, context: MeasureContext): Promise<Measurement>
  /** Ends worker threads and child processes. */
  close(): Promise<void>
}
