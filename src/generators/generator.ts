import type { Measurement } from '../metrics/measurement.ts'
import type { IsBeaten } from '../metrics/stopping/stop.ts'
import type { Endpoint, Point } from '../model/index.ts'

/** How far a measurement is; sent a few times a second at most. */
export interface LoadProgress {
  readonly phase: 'preparing' | 'warm-up' | 'measuring' | 'draining' | 'summarising'
  readonly done: number
  /** Requests (or seconds) in all; null when not known. */
  readonly total: number | null
}

/** What a generator may use beyond the point: where to put its files, and whom to tell. */
export interface MeasureContext {
  readonly signal: AbortSignal
  /** Folder of the point, made when first written to. Raw records go there. */
  readonly folder: string
  onProgress(progress: LoadProgress): void
  /** Ends a point with `requests: auto` at the first look at which it can't win any more; no point when absent. */
  readonly isBeaten?: IsBeaten
}

/**
 * Loads an endpoint as a point says and reports what it saw.
 *
 * @example
 * ```ts
 * import type { LoadGenerator, Point } from 'fulcrum'
 *
 * // Tells which points are measured, around another generator.
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
   * Resolves also when every request failed: failures are counted, not thrown.
   * @throws the signal's reason when aborted; a FulcrumError when the generator itself could not run
   */
  measure(point: Point, endpoint: Endpoint, context: MeasureContext): Promise<Measurement>
  /** Ends worker threads and child processes. */
  close(): Promise<void>
}
