import { resolve } from 'node:path'
import type { Sweep } from '../spec/sweep.ts'
import type { SweepInput } from './define-sweep.ts'

/**
 * Options for reading a sweep in {@link planSweep} and {@link runSweep}.
 *
 * @example
 * ```ts
 * import { planSweep, type SweepOptions } from 'fulcrum'
 *
 * const options: SweepOptions = { allowPoints: 20_000 }
 * const plan = await planSweep('sweeps/quick.yaml', options)
 * console.log(plan.pointCount)
 * ```
 */
export interface SweepOptions {
  /**
   * Folder that relative paths start from in a sweep passed as a value; default: the working directory. Paths in a file
   * start at its folder.
   */
  readonly folder?: string
  /** Accepts a grid of up to this many points, regardless of the sweep's `allow_points`. */
  readonly allowPoints?: number
}

/** A sweep as a file path or a value. */
export async function sweepOf(sweep: SweepInput | string, { folder = '.', ...options }: SweepOptions): Promise<Sweep> {
  const { loadSweep, sweepOfValue } = await import('../spec/load-sweep.ts')
  return typeof sweep === 'string' ? loadSweep(sweep, options) : sweepOfValue(sweep, resolve(folder), options)
}
